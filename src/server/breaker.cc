#include "server/breaker.h"

#include <algorithm>

namespace gauntlet::server {
namespace {

constexpr core::Nanos kLookEvery = core::kSecond;
constexpr double kSlowShareMax = 0.05;
constexpr double kBadProbesMax = 0.20;

}  // namespace

Breaker::Breaker(const BreakerLimits& limits)
    : limits_(limits),
      armed_(limits.p95_ns > 0 || limits.error_share > 0 || limits.cpu_share > 0 ||
             limits.memory_bytes > 0) {
  limits_.open_ns = std::min(limits.open_ns, kBreakerOpenMax);
}

bool Breaker::allows(Priority priority, core::Nanos now_ns) {
  look(now_ns);
  const auto is_allowed = [&] {
    if (priority == Priority::vital || state_ == State::closed) return true;
    if (priority == Priority::minor || state_ == State::open) return false;
    if (state_ == State::strained) return true;
    if (probes_left_ == 0) return false;
    --probes_left_;
    return true;
  };
  const bool allowed = is_allowed();
  if (!allowed) ++shed_[static_cast<std::size_t>(priority)];
  return allowed;
}

void Breaker::record(core::Nanos now_ns, core::Nanos took_ns, bool failed) {
  const bool slow = is_slow(took_ns);
  count(now_ns, slow, failed);
  if (state_ == State::half_open) count_probe(now_ns, !slow && !failed);
}

void Breaker::observe(double cpu_share, std::uint64_t memory_bytes) {
  cpu_share_ = cpu_share;
  memory_bytes_ = memory_bytes;
}

core::Nanos Breaker::retry_after_ns(core::Nanos now_ns) const {
  const core::Nanos end_ns = state_ == State::open ? since_ns_ + limits_.open_ns : now_ns;
  return std::max(kLookEvery, end_ns - now_ns);
}

void Breaker::count(core::Nanos now_ns, bool slow, bool failed) {
  const std::int64_t number = now_ns / core::kSecond;
  Second& second = window_[static_cast<std::size_t>(number) % kSeconds];
  if (second.number != number) second = {.number = number};
  ++second.all;
  second.slow += slow;
  second.failed += failed;
}

void Breaker::count_probe(core::Nanos now_ns, bool good) {
  ++(good ? probes_good_ : probes_bad_);
  if (probes_good_ + probes_bad_ < limits_.probes) return;
  const bool bad = probes_bad_ > kBadProbesMax * limits_.probes;
  enter(bad ? State::open : State::closed, now_ns);
}

// The states that end with time. Probes whose answers never come are sent again.
void Breaker::look(core::Nanos now_ns) {
  if (state_ == State::open || state_ == State::half_open) {
    if (now_ns - since_ns_ >= limits_.open_ns) enter(State::half_open, now_ns);
    return;
  }
  if (now_ns - looked_ns_ < kLookEvery) return;
  looked_ns_ = now_ns;
  if (!exceeded(now_ns)) {
    if (state_ == State::strained) enter(State::closed, now_ns);
  } else {
    enter(state_ == State::closed ? State::strained : State::open, now_ns);
  }
}

bool Breaker::exceeded(core::Nanos now_ns) const {
  return (limits_.cpu_share > 0 && cpu_share_ > limits_.cpu_share) ||
         (limits_.memory_bytes > 0 && memory_bytes_ > limits_.memory_bytes) ||
         window_exceeded(now_ns);
}

bool Breaker::window_exceeded(core::Nanos now_ns) const {
  Second sum;
  for (const Second& second : window_) {
    if (second.number <= now_ns / core::kSecond - static_cast<std::int64_t>(kSeconds)) continue;
    sum.all += second.all;
    sum.slow += second.slow;
    sum.failed += second.failed;
  }
  if (sum.all < std::max(limits_.samples_min, 1u)) return false;
  const double failed_max = limits_.error_share > 0 ? limits_.error_share * sum.all : sum.all;
  return sum.slow > kSlowShareMax * sum.all || sum.failed > failed_max;
}

void Breaker::enter(State state, core::Nanos now_ns) {
  if (state == State::open) ++opened_;
  if (state == State::half_open || state == State::closed) window_ = {};
  state_ = state;
  since_ns_ = now_ns;
  looked_ns_ = now_ns;
  probes_left_ = limits_.probes;
  probes_good_ = probes_bad_ = 0;
}

}  // namespace gauntlet::server
