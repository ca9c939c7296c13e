// TargetSampler: what the target's processes use of this machine, once a second, where they are
// visible from here: our own server, spawned stdio servers, or whoever listens on a loopback port.
// Resident memory, every few seconds what of it is not counted twice, and who had the cores: a
// target that had none is not a slow one. Main thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "run/record.h"

namespace gauntlet::main {

class TargetSampler {
 public:
  using Pids = std::function<std::vector<pid_t>()>;

  // `roots` names the target's processes now, whose descendants count too; `own` those of ours
  // that are no threads of this one.
  explicit TargetSampler(
      Pids roots, Pids own = [] { return std::vector<pid_t>(); })
      : roots_(std::move(roots)), own_(std::move(own)) {}

  // Of a run that goes on: what it has so far, and the processes that it began with.
  void go_on(const run::Record& before);
  // Takes a sample when one is due; `t` is seconds since the load began.
  void tick(core::Nanos now, double t);
  std::optional<double> latest_mb() const;
  const std::vector<run::MemorySample>& memory() const { return memory_; }
  const std::vector<run::HoldingsSample>& holdings() const { return holdings_; }
  const std::vector<run::CoreSample>& cores() const { return cores_; }
  // Gives the record its samples, or the reason why there are none.
  void fill(run::Record& record) const;

 private:
  void sample_holdings(core::Nanos now, double t, const std::vector<pid_t>& tree);
  std::optional<double> proportional_mb(core::Nanos now, const std::vector<pid_t>& tree);

  Pids roots_, own_;
  core::Nanos next_ = 0;
  core::Nanos next_proportional_ = 0;
  core::Nanos next_holdings_ = 0;
  std::vector<pid_t> at_first_;  // the processes of the first sample
  bool had_roots_ = false;
  std::vector<run::MemorySample> memory_;
  std::vector<run::HoldingsSample> holdings_;
  std::vector<run::CoreSample> cores_;
};

}  // namespace gauntlet::main
