// MemorySampler: resident memory of the target's processes, once a second, where they are visible
// from here: our own server, spawned stdio servers, or whoever listens on a loopback port.
// Main thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "run/record.h"

namespace gauntlet::main {

class MemorySampler {
 public:
  // `roots` names the processes now; their descendants count too.
  explicit MemorySampler(std::function<std::vector<pid_t>()> roots) : roots_(std::move(roots)) {}

  // Takes a sample when one is due; `t` is seconds since the load began.
  void tick(core::Nanos now, double t);
  std::optional<double> latest_mb() const;
  // Gives the record its samples, or the reason why there are none.
  void fill(run::Record& record) const;

 private:
  std::function<std::vector<pid_t>()> roots_;
  core::Nanos next_ = 0;
  bool had_roots_ = false;
  std::vector<run::MemorySample> samples_;
};

}  // namespace gauntlet::main
