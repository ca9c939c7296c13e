#include "server/flow.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace gauntlet::server {
namespace {

constexpr double kBurstPerRate = 2;
// Of a queue's capacity: where a step is reached. It ends where the queue is kSlack below it.
constexpr std::array<double, 4> kSteps = {0, 0.80, 0.90, 0.99};
constexpr double kSlack = 0.10;

Pressure step_at(double share) {
  std::size_t step = 0;
  while (step + 1 < kSteps.size() && share >= kSteps[step + 1]) ++step;
  return static_cast<Pressure>(step);
}

}  // namespace

RateLimit rate_limit(double per_second) {
  return {per_second, std::max(1.0, per_second * kBurstPerRate)};
}

core::Nanos take(Allowance& allowance, const RateLimit& limit, core::Nanos now_ns) {
  if (limit.per_second <= 0) return 0;
  if (allowance.filled_ns == 0) allowance = {limit.burst, now_ns};
  const core::Nanos since_ns = std::max<core::Nanos>(0, now_ns - allowance.filled_ns);
  const double tokens = allowance.tokens + core::to_seconds(since_ns) * limit.per_second;
  allowance = {std::min(limit.burst, tokens), std::max(allowance.filled_ns, now_ns)};
  if (allowance.tokens < 1)
    return core::from_seconds((1 - allowance.tokens) / limit.per_second) + 1;
  allowance.tokens -= 1;
  return 0;
}

std::uint64_t retry_after_seconds(core::Nanos wait_ns) {
  const core::Nanos seconds = (wait_ns + core::kSecond - 1) / core::kSecond;
  return static_cast<std::uint64_t>(std::max<core::Nanos>(1, seconds));
}

std::optional<Pressure> QueueSteps::observe(std::size_t used) {
  if (capacity_ == 0) return std::nullopt;
  const double share = static_cast<double>(used) / static_cast<double>(capacity_);
  const Pressure rising = step_at(share);
  const Pressure falling = step_at(share + kSlack);
  const Pressure now = std::clamp(pressure_, rising, falling);
  if (now == pressure_) return std::nullopt;
  pressure_ = now;
  return now;
}

std::string backpressure_notification(std::string_view queue, Pressure level, std::size_t used,
                                      std::size_t capacity) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","method":"notifications/backpressure","params":{{"queue":"{}",)"
      R"("level":"{}","used":{},"capacity":{}}}}})",
      queue, kPressureNames[static_cast<std::size_t>(level)], used, capacity);
}

}  // namespace gauntlet::server
