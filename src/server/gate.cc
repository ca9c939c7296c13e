#include "server/gate.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace gauntlet::server {
namespace {

using Kind = mcp::Message::Kind;

constexpr std::array<std::string_view, 5> kVitalMethods = {"initialize", "server/discover", "ping",
                                                           "notifications/initialized",
                                                           "notifications/cancelled"};

struct Wording {
  int code, http_status;
  std::string_view text;
};
constexpr std::array<Wording, kReasonNames.size()> kWordings = {
    Wording{kRateLimited, 429, "rate limit exceeded"},
    Wording{kOverloaded, 503, "the server is overloaded"},
    Wording{kOverloaded, 503, "too many calls are waiting"}};

}  // namespace

Priority priority_of(const mcp::Message& message) {
  if (message.kind == Kind::response || std::ranges::count(kVitalMethods, message.method) > 0)
    return Priority::vital;
  const bool minor = message.kind == Kind::notification || message.method == "logging/setLevel";
  return minor ? Priority::minor : Priority::call;
}

Gate::Gate(const FlowLimits& limits, std::size_t calls_max, Counters& counters)
    : rate_(rate_limit(limits.messages_per_second)),
      breaker_(limits.breaker),
      calls_(calls_max),
      counters_(counters) {}

std::optional<Gate::Refusal> Gate::judge(const mcp::Message& message, core::Nanos wait_ns,
                                         core::Nanos now_ns) {
  const Priority priority = priority_of(message);
  const bool can_be_refused = message.kind == Kind::request || priority != Priority::vital;
  if (wait_ns > 0 && can_be_refused) return refuse(Reason::rate, wait_ns);
  if (priority == Priority::minor && calls_.pressure() >= Pressure::high) return refuse_for_room();
  if (breaker_.allows(priority, now_ns)) return std::nullopt;
  return refuse(Reason::breaker, breaker_.retry_after_ns(now_ns));
}

Gate::Refusal Gate::refuse(Reason reason, core::Nanos wait_ns) {
  counters_.count_refused(reason);
  const core::Nanos wait_ms = (wait_ns + core::kMillisecond - 1) / core::kMillisecond;
  data_ = fmt::format(R"({{"retryAfterMs":{}}})", wait_ms);
  const Wording& wording = kWordings[static_cast<std::size_t>(reason)];
  return {wording.code, wording.http_status, wording.text, data_, retry_after_seconds(wait_ns)};
}

bool Gate::sheds_notification() {
  if (calls_.pressure() < Pressure::high && breaker_.state() == Breaker::State::closed)
    return false;
  ++counters_.notifications_shed;
  return true;
}

std::optional<std::string> Gate::observe_calls(std::size_t count) {
  const auto step = calls_.observe(count);
  if (!step) return std::nullopt;
  return backpressure_notification("calls", *step, count, calls_.capacity());
}

}  // namespace gauntlet::server
