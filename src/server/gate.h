// Gate: the flow control of one worker put together: whether a message is served now, and an honest
// refusal where it is not: HTTP 429 or 503 with Retry-After, and an error of one of the two codes
// below with data {"retryAfterMs": …}, which clients on other transports can go by.
//
// A client is a session over HTTP (its allowance lies in the registry), and else a connection.
// The rate bounds what a client sends, whatever it is; the breaker and a full queue shed by
// priority. What cannot be refused (answers to our questions, ends of calls) always passes.
// Without a rate and a breaker a message costs a few comparisons. Belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "mcp/message.h"
#include "server/breaker.h"
#include "server/counters.h"
#include "server/flow.h"

namespace gauntlet::server {

// Error codes of our own: they lie outside of what JSON-RPC and MCP reserve (-32768 to -32000).
inline constexpr int kRateLimited = -31429;
inline constexpr int kOverloaded = -31503;
// How long to wait for room in a queue.
inline constexpr core::Nanos kQueueWait = core::kSecond;

struct FlowLimits {
  double messages_per_second = 0;  // of one client, twice as many at once; 0: no limit
  BreakerLimits breaker;
};

// What opens and ends things, and answers to our own questions, are vital.
Priority priority_of(const mcp::Message& message);

class Gate {
 public:
  // What to answer instead.
  struct Refusal {
    int code, http_status;
    std::string_view text;
    std::string_view data;                  // JSON; holds until the next refusal
    std::uint64_t retry_after_seconds = 1;  // for the Retry-After header
  };

  // Counts refusals in `counters`, which outlive it.
  Gate(const FlowLimits& limits, std::size_t calls_max, Counters& counters);

  // By which clients are charged; what take() (server/flow.h) returns is for admit().
  const RateLimit& rate() const { return rate_; }

  // Nothing: serve it.
  std::optional<Refusal> admit(const mcp::Message& message, core::Nanos wait_ns,
                               core::Nanos now_ns) {
    if (wait_ns == 0 && is_calm(now_ns)) return std::nullopt;
    return judge(message, wait_ns, now_ns);
  }
  // There is no room for a call that has to wait.
  Refusal refuse_for_room() { return refuse(Reason::queue, kQueueWait); }
  // Whether a progress or log message of our own is better left out; counts it.
  bool sheds_notification();

  // Whether anybody needs to know how long calls take.
  bool measures() const { return breaker_.armed(); }
  // A request that was admitted is answered.
  void record(core::Nanos now_ns, core::Nanos took_ns, bool failed) {
    breaker_.record(now_ns, took_ns, failed);
  }
  // What the process uses, about once a second.
  void observe(double cpu_share, std::uint64_t memory_bytes) {
    breaker_.observe(cpu_share, memory_bytes);
  }
  // How many calls wait for their answers. The notification to send when that reached a new step.
  std::optional<std::string> observe_calls(std::size_t count);

  const Breaker& breaker() const { return breaker_; }
  Pressure calls_pressure() const { return calls_.pressure(); }

 private:
  bool is_calm(core::Nanos now_ns) {
    return calls_.pressure() < Pressure::high && breaker_.is_closed(now_ns);
  }
  std::optional<Refusal> judge(const mcp::Message& message, core::Nanos wait_ns,
                               core::Nanos now_ns);
  Refusal refuse(Reason reason, core::Nanos wait_ns);

  RateLimit rate_;
  Breaker breaker_;
  QueueSteps calls_;
  Counters& counters_;
  std::string data_;
};

}  // namespace gauntlet::server
