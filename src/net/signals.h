// Signals: chosen signals of this process, read from a descriptor instead of interrupting it.
// Belongs to the thread that opens it, before it starts others: they inherit the mask.
// Source: signalfd(2), prctl(2).
#pragma once

#include <sys/types.h>

#include <initializer_list>
#include <optional>

#include "core/fd.h"
#include "core/result.h"

namespace gauntlet::net {

class Signals {
 public:
  // Blocks them; they stay blocked when this is gone.
  static core::Result<Signals> open(std::initializer_list<int> numbers);

  int fd() const { return fd_.get(); }  // readable while one waits
  std::optional<int> take();            // the number of one that came

 private:
  explicit Signals(core::Fd fd) : fd_(std::move(fd)) {}

  core::Fd fd_;
};

// From now on SIGTERM comes when the thread that started this process ends. False: it has ended
// already, for this process has another parent than `parent`.
bool end_with_parent(pid_t parent);

}  // namespace gauntlet::net
