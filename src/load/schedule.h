// Schedule: when the next burst of an open-loop load is due, and for which client.
// constant: evenly spaced, clients in turn. poisson: exponential gaps, clients drawn uniformly.
// A pure value: time goes in and comes out, nothing waits. One schedule a load thread.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "core/random.h"
#include "run/plan.h"

namespace gauntlet::load {

struct Arrival {
  core::Nanos due = 0;       // intended send time
  std::uint32_t client = 0;  // among this thread's clients
};

class Schedule {
 public:
  // `rate` messages per second for `clients` clients, in bursts; `phase` in [0, 1) shifts a
  // constant schedule by a part of its interval, so that threads interleave evenly.
  Schedule(run::Arrivals arrivals, double rate, std::uint32_t burst, std::uint32_t clients,
           core::Nanos start, double phase, core::Random random);

  const Arrival& next() const { return next_; }
  void advance();

 private:
  run::Arrivals arrivals_;
  double interval_ns_;
  std::uint32_t clients_;
  core::Nanos start_;
  double offset_ns_ = 0;  // of next_ since start_: not summed up from rounded times
  std::uint64_t count_ = 0;
  double phase_;
  core::Random random_;
  Arrival next_;
};

}  // namespace gauntlet::load
