// Flow control, the first two of its three levels: what one client may send, and how full a bounded
// queue is. The third is the breaker (server/breaker.h).
// Plain values and pure rules; each belongs to whoever has it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "server/session.h"

namespace gauntlet::server {

// Messages that one client may send: a token bucket (the "GCRA" of ITU-T I.371 in its other form).
struct RateLimit {
  double per_second = 0;  // 0: no limit
  double burst = 0;       // how many at once, after a pause
};
// Twice the rate may come at once.
RateLimit rate_limit(double per_second);

// Takes one message from a client's allowance: 0 when it may pass, else the time until the next one
// may, and nothing is taken. An allowance that was never looked at is full.
core::Nanos take(Allowance& allowance, const RateLimit& limit, core::Nanos now_ns);

// Retry-After counts whole seconds (RFC 9110, 10.2.3), at least one.
std::uint64_t retry_after_seconds(core::Nanos wait_ns);

enum class Pressure : std::uint8_t { normal, elevated, high, critical };
inline constexpr std::array<std::string_view, 4> kPressureNames = {"normal", "elevated", "high",
                                                                   "critical"};

// Tells when a bounded queue reaches 80, 90 and 99 per cent, and when it is well below again (ten
// points less: a queue at the very step is told of once).
class QueueSteps {
 public:
  explicit QueueSteps(std::size_t capacity) : capacity_(capacity) {}

  // The new step where it is another one than before.
  std::optional<Pressure> observe(std::size_t used);
  Pressure pressure() const { return pressure_; }
  std::size_t capacity() const { return capacity_; }

 private:
  std::size_t capacity_;
  Pressure pressure_ = Pressure::normal;
};

// notifications/backpressure, of our own making: {"queue", "level", "used", "capacity"}.
std::string backpressure_notification(std::string_view queue, Pressure level, std::size_t used,
                                      std::size_t capacity);

}  // namespace gauntlet::server
