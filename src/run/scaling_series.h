// ScalingSeries: the levels of a climb that may stand in one curve: those of one pattern, since a
// message in a burst is another thing than a single call. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/record.h"
#include "stats/scaling.h"

namespace gauntlet::run {

struct ScalingSeries {
  std::uint32_t burst = 1;
  bool closed = false;              // as fast as answers come; else at a rate
  std::vector<LevelResult> levels;  // in order of their connections
  // The law through its judged levels (through all of them where none is); nothing for too few.
  std::optional<stats::ScalingFit> fit;

  std::string title() const;  // "bursts of 16, at a rate", "single calls, as fast as answers come"
};

// In the order in which they first occur.
std::vector<ScalingSeries> scaling_series(const std::vector<LevelResult>& levels);

}  // namespace gauntlet::run
