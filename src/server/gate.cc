#include "server/gate.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/metric_text.h"

namespace gauntlet::server {
namespace {

constexpr std::array<std::string_view, 5> kVitalMethods = {"initialize", "server/discover", "ping",
                                                           "notifications/initialized",
                                                           "notifications/cancelled"};

struct Why {
  int code, http_status;
  std::string_view name, text;
};
constexpr std::array<Why, 2> kWhy = {Why{kRateLimited, 429, "rate", "rate limit exceeded"},
                                     Why{kOverloaded, 503, "overload", "the server is overloaded"}};

}  // namespace

Priority priority_of(const mcp::Message& message) {
  using Kind = mcp::Message::Kind;
  if (message.kind == Kind::response || std::ranges::count(kVitalMethods, message.method) > 0)
    return Priority::vital;
  const bool minor = message.kind == Kind::notification || message.method == "logging/setLevel";
  return minor ? Priority::minor : Priority::call;
}

Gate::Gate(const FlowLimits& limits, std::size_t calls_max)
    : rate_(rate_limit(limits.messages_per_second)), breaker_(limits.breaker), calls_(calls_max) {}

core::Nanos Gate::charge(Allowance& client, core::Nanos now_ns) const {
  return take(client, rate_, now_ns);
}

std::optional<Gate::Refusal> Gate::admit(Priority priority, core::Nanos wait_ns,
                                         core::Nanos now_ns) {
  if (wait_ns > 0) return refuse(kRate, wait_ns);
  if (breaker_.allows(priority, now_ns)) return std::nullopt;
  return refuse(kOverload, breaker_.retry_after_ns(now_ns));
}

Gate::Refusal Gate::refuse(Reason reason, core::Nanos wait_ns) {
  ++refused_[reason];
  const core::Nanos wait_ms = (wait_ns + core::kMillisecond - 1) / core::kMillisecond;
  data_ = fmt::format(R"({{"retryAfterMs":{}}})", wait_ms);
  const Why& why = kWhy[reason];
  return {why.code, why.http_status, why.text, data_, retry_after_seconds(wait_ns)};
}

std::optional<std::string> Gate::observe_calls(std::size_t count) {
  const auto step = calls_.observe(count);
  if (!step) return std::nullopt;
  return backpressure_notification("calls", *step, count, calls_.capacity());
}

void Gate::append_metrics(std::string& out) const {
  constexpr std::string_view kRefused = "gauntlet_server_refused_total";
  describe(out, kRefused, "counter", "Messages refused by flow control, by reason.");
  for (std::size_t i = 0; i < kWhy.size(); ++i)
    labelled(out, kRefused, "reason", kWhy[i].name, refused_[i]);
  constexpr std::string_view kState = "gauntlet_server_breaker_state";
  describe(out, kState, "gauge", "1 for the state that the breaker is in.");
  for (std::size_t i = 0; i < Breaker::kStateNames.size(); ++i)
    labelled(out, kState, "state", Breaker::kStateNames[i],
             static_cast<std::size_t>(breaker_.state()) == i ? 1 : 0);
  constexpr std::string_view kOpened = "gauntlet_server_breaker_opened_total";
  describe(out, kOpened, "counter", "Times that the breaker opened.");
  sample(out, kOpened, breaker_.opened());
  constexpr std::string_view kPressure = "gauntlet_server_queue_pressure";
  describe(out, kPressure, "gauge", "0 normal, 1 from 80 %, 2 from 90 %, 3 from 99 % of a queue.");
  labelled(out, kPressure, "queue", "calls", static_cast<int>(calls_.pressure()));
}

}  // namespace gauntlet::server
