// Gate: the flow control of one worker put together: whether a message is served now, and an honest
// refusal where it is not. HTTP 429 and 503 with Retry-After, and an error with data
// {"retryAfterMs": …} that clients on other transports can go by.
//
// A client is a session (its allowance lies in the registry), or a connection where there is none.
// Belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "mcp/message.h"
#include "server/breaker.h"
#include "server/flow.h"

namespace gauntlet::server {

// Error codes of our own: they lie outside of what JSON-RPC and MCP reserve (-32768 to -32000).
inline constexpr int kRateLimited = -31429;
inline constexpr int kOverloaded = -31503;

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

  Gate(const FlowLimits& limits, std::size_t calls_max);

  // Takes a message from a client's allowance; what it returns is for admit(). Short, and without
  // side effects elsewhere: may be called with a shard's lock in hand.
  core::Nanos charge(Allowance& client, core::Nanos now_ns) const;
  bool charges() const { return rate_.per_second > 0; }

  // Nothing: serve it.
  std::optional<Refusal> admit(Priority priority, core::Nanos wait_ns, core::Nanos now_ns);

  Breaker& breaker() { return breaker_; }
  // How many calls wait for their answers. The notification to send when that reached a new step.
  std::optional<std::string> observe_calls(std::size_t count);

  void append_metrics(std::string& out) const;

 private:
  enum Reason : std::uint8_t { kRate, kOverload };
  Refusal refuse(Reason reason, core::Nanos wait_ns);

  RateLimit rate_;
  Breaker breaker_;
  QueueSteps calls_;
  std::array<std::uint64_t, 2> refused_{};  // by Reason
  std::string data_;
};

}  // namespace gauntlet::server
