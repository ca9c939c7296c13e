#include "main/own_threads.h"

#include <algorithm>

namespace gauntlet::main {

OwnThreads::OwnThreads(const run::Plan& plan)
    : from_s_(core::to_seconds(run::phase_start(plan, run::measured_phase(plan)))),
      to_s_(core::to_seconds(run::phase_start(plan, run::measured_phase(plan) + 1))),
      next_s_(from_s_) {}

void OwnThreads::tick(double t) {
  if (t < next_s_ || t > to_s_) return;
  next_s_ = t + 1;
  Reading reading{core::monotonic_ns(), core::own_threads()};
  if (!first_) {
    first_ = std::move(reading);
  } else {
    last_ = std::move(reading);
  }
}

void OwnThreads::fill(run::Record& record) const {
  if (!last_) return;
  const auto length = static_cast<double>(last_->at - first_->at);
  for (const auto& thread : last_->threads) {
    const auto before = std::ranges::find(first_->threads, thread.id, &core::ThreadTime::id);
    if (before == first_->threads.end()) continue;
    const auto share = [&](core::Nanos a, core::Nanos b) {
      return static_cast<double>(b - a) / length;
    };
    record.self_check.threads.push_back(
        {.name = before == first_->threads.begin() ? "main" : thread.name,
         .cpu = share(before->cpu, thread.cpu),
         .run_queue_delay_share = share(before->run_queue_delay, thread.run_queue_delay)});
  }
}

}  // namespace gauntlet::main
