// Counters of one worker, and the Prometheus text made of them (text format 0.0.4).
// Plain numbers: one thread writes and reads them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/bad.h"

namespace gauntlet::server {

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
inline constexpr std::array<int, 9> kErrorCodes = {-32700, -32600, -32601, -32602, -32603,
                                                   -32000, -32001, -32020, -32022};

struct Counters {
  std::array<std::uint64_t, kMethodNames.size()> requests{};
  std::array<std::uint64_t, kErrorCodes.size() + 1> errors{};
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;

  void count_request(Method method) { ++requests[static_cast<std::size_t>(method)]; }
  void count_error(int code);
};

struct Gauges {
  std::size_t connections = 0;
  std::size_t sessions = 0;
  std::size_t later_calls = 0;
  double uptime_seconds = 0;
  BadKind bad = BadKind::none;
  std::uint64_t bad_answers = 0;
};

std::string prometheus_text(const Counters& counters, const Gauges& gauges);

}  // namespace gauntlet::server
