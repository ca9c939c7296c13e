// TargetGauges: what the target itself tells of its inside at /metrics, each second: how many
// sessions it keeps, and how much of its heap is in use. Of several names that programs have for
// these, the first one it knows. Main thread only; a target that answers slowly holds it up for
// half a second at most.
#pragma once

#include <optional>
#include <vector>

#include "core/clock.h"
#include "net/endpoint.h"
#include "run/record.h"

namespace gauntlet::main {

class TargetGauges {
 public:
  // Nothing is looked at before this.
  void look_at(const net::Endpoint& metrics) { where_ = metrics; }
  // Of a run that goes on: what it has so far.
  void go_on(std::vector<run::GaugeSample> before) { samples_ = std::move(before); }
  // Takes a sample when one is due; `t` is seconds since the load began.
  void tick(core::Nanos now, double t);
  const std::vector<run::GaugeSample>& samples() const { return samples_; }

 private:
  std::optional<net::Endpoint> where_;
  core::Nanos next_ = 0;
  std::vector<run::GaugeSample> samples_;
};

}  // namespace gauntlet::main
