// OwnThreads: what each thread of this process used of the cores in the measured phase, and how
// long it waited for one (/proc/self/task/*/schedstat). Main thread only.
#pragma once

#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/proc.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::main {

class OwnThreads {
 public:
  explicit OwnThreads(const run::Plan& plan);

  // Takes a reading when one is due; `t` is seconds since the load began.
  void tick(double t);
  void fill(run::Record& record) const;

 private:
  struct Reading {
    core::Nanos at = 0;
    std::vector<core::ThreadTime> threads;
  };

  double from_s_, to_s_;  // the measured phase
  double next_s_;
  std::optional<Reading> first_, last_;
};

}  // namespace gauntlet::main
