// ProbeClient: an independent look at the target while it is under load: a few clients of the same
// sort on connections of their own, in a thread of their own. They meet the target as the load's
// clients do, but never wait behind the load's other messages in our own process: where their times
// and the load's differ, the difference is the generator's making (mutilate and Lancet measure this
// way; the verdict is verdict/probe_check.h's).
//
// To be comparable a probe's connection has the pace of one of the load's, the same bursts and the
// same mix; all of them together send at most a hundredth of the load. Arrivals are Poisson, since
// those see time averages (Wolff, "Poisson Arrivals See Time Averages", 1982) and cannot fall into
// step with an even load. What they send and measure is in no figure of the load.
//
// All members belong to the main thread.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "load/target.h"
#include "load/worker.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::load {

// Of the load's rate.
inline constexpr double kProbeShareMax = 0.01;
// All its connections together, per second; one at the pace of the load's may exceed it.
inline constexpr double kProbeBurstsMax = 200;
// A closed loop's rate is not known beforehand.
inline constexpr double kProbeBurstsClosed = 20;
inline constexpr std::uint32_t kProbeConnectionsClosed = 4;

// The plan of the probe beside a load.
run::Plan probe_plan(const run::Plan& load);

class ProbeClient {
 public:
  // Begins to open its connections. `operations` as the load's.
  ProbeClient(const run::Plan& load, const Target& target,
              const std::vector<RequestTemplate>& operations);
  ~ProbeClient();
  ProbeClient(const ProbeClient&) = delete;
  ProbeClient& operator=(const ProbeClient&) = delete;

  void begin(core::Nanos start) { worker_.begin(start); }
  void stop() { worker_.stop(); }
  bool finished() const { return worker_.finished(); }
  // Its seconds interest nobody; only room has to be made for the next ones.
  void forget_seconds() {
    while (auto second = worker_.tally().take()) worker_.tally().give_back(std::move(second));
  }

  // After finished(): what it saw of the measured phase.
  run::ProbeRecord take_record();

 private:
  const run::Plan plan_;
  Worker worker_;
  std::thread thread_;
};

}  // namespace gauntlet::load
