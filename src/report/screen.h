// Screen: what is seen of a run while it goes on. On a terminal a full-screen view
// (report/live_view.h), on a small one and in the background one line that is redrawn, elsewhere a
// line a second. The window's size is looked up each time.
// What is drawn never holds up the run: a terminal that does not read misses frames. What others
// print to stderr meanwhile is shown in the view, and after it.
// The terminal is as it was after leave(), after the destructor, and after any signal that ends the
// program and can be caught. One at a time; main thread only, but for restore_now().
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/fd.h"
#include "report/live_view.h"
#include "report/stderr_catch.h"

namespace gauntlet::report {

class Screen {
 public:
  explicit Screen(std::FILE* out);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Once a second.
  void show(const LiveView& view);
  // Often: finishes what the terminal did not take at once, and looks at what others printed.
  void tend();
  // Before anything else is printed, if only a line.
  void leave();
  // Async-signal-safe, for a process that is about to end.
  static void restore_now();

 private:
  // The last ones are shown in the view; so many are printed after it.
  static constexpr std::size_t kMessagesMax = 20;

  void enter();
  void draw(const LiveView& view, FrameStyle style);
  void redraw_line(const LiveView& view, int columns);
  void clear_line();
  void flush();
  void note(std::vector<std::string> lines);

  std::FILE* out_;
  bool moves_cursor_;  // a terminal that is not dumb
  FrameStyle style_;
  core::Fd terminal_;  // our own description of it, which does not block; valid in full screen
  std::string unsent_;
  bool line_drawn_ = false;
  std::optional<StderrCatch> caught_;
  std::deque<std::string> messages_;
  std::size_t messages_lost_ = 0;
};

}  // namespace gauntlet::report
