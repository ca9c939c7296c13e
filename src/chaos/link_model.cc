#include "chaos/link_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gauntlet::chaos {

// Box and Muller, 1958.
double LinkModel::normal() {
  const double radius = std::sqrt(-2 * std::log1p(-random_.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random_.uniform());
}

core::Nanos LinkModel::jittered() {
  if (settings_.jitter_ns == 0) return settings_.delay_ns;
  const double unit =
      settings_.jitter == LinkSettings::Jitter::normal ? normal() : 2 * random_.uniform() - 1;
  const double jitter = unit * static_cast<double>(settings_.jitter_ns);
  return std::max<core::Nanos>(0, settings_.delay_ns + std::llround(jitter));
}

bool LinkModel::is_lost() {
  if (bad_) {
    bad_ = !chance(settings_.burst_leave);
  } else if (chance(settings_.burst_enter)) {
    bad_ = true;
    ++counts_.bursts;
  }
  return bad_ || chance(settings_.loss);
}

// False where the queue is full.
bool LinkModel::queue(core::Nanos& due, std::size_t bytes) {
  if (settings_.bytes_per_s == 0) return true;
  const double per_ns = static_cast<double>(settings_.bytes_per_s) / 1e9;
  const core::Nanos begins = std::max(due, free_at_);
  if (static_cast<double>(begins - due) * per_ns > static_cast<double>(settings_.queue_bytes_max))
    return false;
  free_at_ = begins + std::llround(static_cast<double>(bytes) / per_ns);
  due = free_at_;
  return true;
}

LinkModel::Fate LinkModel::meet(core::Nanos now, std::size_t bytes, std::size_t flow) {
  ++counts_.seen;
  if (is_lost()) {
    ++counts_.lost;
    return {.passes = false};
  }
  Fate fate{.due = now};
  if (!queue(fate.due, bytes)) {
    ++counts_.overflowed;
    return {.passes = false};
  }
  counts_.passed_bytes += bytes;
  fate.due += jittered();
  if (chance(settings_.reorder)) {
    ++counts_.held_back;
    fate.due += settings_.reorder_by_ns;
  } else {
    core::Nanos& last = last_due_[flow % kFlows];
    fate.due = last = std::max(fate.due, last);
  }
  fate.twice = chance(settings_.duplicate);
  counts_.duplicated += fate.twice ? 1 : 0;
  return fate;
}

}  // namespace gauntlet::chaos
