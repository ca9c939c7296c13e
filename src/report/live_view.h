// LiveView: a run that goes on, as a full screen of a terminal. A frame is a pure function of what
// the recorder has seen up to its latest second, and of the window's size: every number in it is
// that second's, or of everything since the load began where it says "so far".
// Text that came from outside is cleaned: no byte of it moves the cursor.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::report {

// Below this a frame has no room for what it has to say.
inline constexpr int kFrameColumnsMin = 60;
inline constexpr int kFrameRowsMin = 15;

struct FrameStyle {
  int columns = 80, rows = 24;
  bool color = false;    // emphasis by ANSI colours
  bool unicode = false;  // else ASCII alone
};

struct LiveView {
  const run::Plan& plan;                 // of the level, in a climb
  std::span<const run::Second> seconds;  // the latest is the last
  const run::Counts& counts;             // so far
  std::vector<std::string> faults = {};  // ids of those that are active
  std::string level = {};                // "level 2 of 6: low"; "" where it is no climb
  std::string target = {}, page = {};    // URLs; "" where there is none
  double gaps_s = 0;                     // without Gauntlet, before the latest second
  double lag_allowed_ms = 0;             // of the generator's p99

  // Its `t` is of load alone; all 0 where there is none yet.
  run::Second latest() const;
};

// At most `rows` lines without their ends, none wider than `columns`. `messages`: what was printed
// meanwhile, the latest last; those are shown that there is room for.
std::vector<std::string> live_frame(const LiveView& view, std::span<const std::string> messages,
                                    const FrameStyle& style);

// "0:18", "1:02:03"
std::string clock_text(double seconds);

}  // namespace gauntlet::report
