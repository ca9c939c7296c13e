#include "load/probe_client.h"

#include <algorithm>

namespace gauntlet::load {
namespace {

// Keeps its nonces and draws apart from the load's.
constexpr std::uint64_t kSeedMark = 0x70726f6265ULL;

void set_pace(const run::LoadPlan& load, run::LoadPlan& probe) {
  const double burst = load.burst;
  if (load.arrivals == run::Arrivals::closed) {
    probe.connections = std::min(load.connections, kProbeConnectionsClosed);
    probe.rate = kProbeBurstsClosed * burst;
    return;
  }
  const double pace = load.rate / load.connections;
  const double by_share = kProbeShareMax * load.connections;
  const double by_rate = kProbeBurstsMax * burst / pace;
  probe.connections = static_cast<std::uint32_t>(std::max(1.0, std::min(by_share, by_rate)));
  probe.rate = std::min(probe.connections * pace, kProbeShareMax * load.rate);
}

}  // namespace

run::Plan probe_plan(const run::Plan& load) {
  run::Plan plan = load;
  plan.seed = load.seed ^ kSeedMark;
  plan.faults.clear();
  plan.tests.clear();
  plan.load.threads = 1;
  plan.load.ramp = 0;
  plan.load.reconnect = true;
  plan.load.arrivals = run::Arrivals::poisson;
  set_pace(load.load, plan.load);
  return plan;
}

ProbeClient::ProbeClient(const run::Plan& load, const Target& target,
                         const std::vector<RequestTemplate>& operations)
    : plan_(probe_plan(load)),
      worker_(
          plan_, target, operations,
          {.index = 0, .threads = 1, .first = 0, .count = plan_.load.connections, .name = "probe"}),
      thread_([this] { worker_.run(); }) {}

ProbeClient::~ProbeClient() {
  stop();
  if (thread_.joinable()) thread_.join();
}

run::ProbeRecord ProbeClient::take_record() {
  if (thread_.joinable()) thread_.join();
  return {.connections = plan_.load.connections,
          .rate_per_s = plan_.load.rate,
          .totals = worker_.tally().phases()[run::measured_phase(plan_)]};
}

}  // namespace gauntlet::load
