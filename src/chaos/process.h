// Process: one that is meant for good. A pid alone may be another's by the time that it is used; a
// pid with the time at which its process started may not. Readings of /proc, control plane only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/fd.h"

namespace gauntlet::chaos {

struct Identity {
  pid_t pid = -1;
  std::uint64_t start_ticks = 0;  // since boot

  static Identity parse(const std::string& text);  // as text() wrote it
  std::string text() const;

  bool is_there() const;
  core::Fd open() const;  // a pidfd of exactly this process; invalid where it is gone
  char state() const;     // 'R', 'S', 'T', 'Z' …; 0 where it is gone
  bool operator==(const Identity&) const = default;
};

// Those of them that are there; a zombie is not.
std::vector<Identity> identify(const std::vector<pid_t>& pids);

// What a fault of processes is aimed at.
struct ProcessTarget {
  std::vector<pid_t> pids;
  bool with_descendants = false;  // as they are when the fault is armed

  std::vector<Identity> resolve() const;
};

}  // namespace gauntlet::chaos
