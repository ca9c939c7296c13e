// Counters and gauges of one worker, in memory that other processes read.
// One writer at a time, so that adding needs no locked instruction; readers see each number whole.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gauntlet::server {

class Count {
 public:
  Count& operator++() { return *this += 1; }
  Count& operator+=(std::uint64_t more) { return *this = *this + more; }
  Count& operator=(std::uint64_t value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }
  operator std::uint64_t() const { return get(); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// What requests are counted by; everything unknown is `other`, so that the labels stay bounded.
enum class Method : std::uint8_t {
  tools_call,
  tools_list,
  initialize,
  server_discover,
  ping,
  notification,
  other
};

inline constexpr std::array<std::string_view, 7> kMethodNames = {
    "tools/call", "tools/list", "initialize", "server/discover", "ping", "notification", "other"};

Method method_of(std::string_view name);

// The JSON-RPC codes that we send; the last place counts any other.
inline constexpr std::array<int, 11> kErrorCodes = {-32700, -32600, -32601, -32602, -32603, -32000,
                                                    -32001, -32020, -32022, -31429, -31503};

// Why flow control refused a message (server/gate.h).
enum class Reason : std::uint8_t { rate, breaker, queue };
inline constexpr std::array<std::string_view, 3> kReasonNames = {"rate", "breaker", "queue"};

// Only grow.
struct Counters {
  std::array<Count, kMethodNames.size()> requests;
  std::array<Count, kErrorCodes.size() + 1> errors;
  Count connections_accepted;
  Count connections_refused;
  Count bad_answers;
  Count letters_lost;
  std::array<Count, kReasonNames.size()> refused;
  Count breaker_opened;
  Count notifications_shed;  // of our own: progress and logs

  void count_request(Method method) { ++requests[static_cast<std::size_t>(method)]; }
  void count_error(int code);
  void count_refused(Reason reason) { ++refused[static_cast<std::size_t>(reason)]; }
};

// As they are now; set once a turn.
struct Gauges {
  Count connections;
  Count later_calls;
  Count breaker_state;   // Breaker::State
  Count calls_pressure;  // Pressure of the queue of calls
  Count heap_bytes;      // in use (mallinfo2), as of about a second ago
};

}  // namespace gauntlet::server
