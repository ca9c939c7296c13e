// StderrCatch: keeps what anybody prints to stderr off a screen that is being drawn on: this
// process, and those that it starts meanwhile. Descriptor 2 becomes a file in memory, so that
// nobody who writes ever waits for us; what was read of it is given back to the kernel.
// One at a time; belongs to the main thread, but for pass_on_now().
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/fd.h"

namespace gauntlet::report {

class StderrCatch {
 public:
  // Where the kernel has no such file stderr stays as it is, and nothing is caught.
  StderrCatch();
  ~StderrCatch();  // passes on what is left
  StderrCatch(const StderrCatch&) = delete;
  StderrCatch& operator=(const StderrCatch&) = delete;

  // The whole lines since the last time. Of more than kTakenBytesMax only the last, and one line
  // that says so.
  static constexpr off_t kTakenBytesMax = 256 * 1024;
  std::vector<std::string> take();
  // To where stderr went before.
  void pass_on(const std::string& text) const;
  // What nobody took yet; async-signal-safe, for a process that is about to end.
  static void pass_on_now();

 private:
  core::Fd before_, file_;
};

}  // namespace gauntlet::report
