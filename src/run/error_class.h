// ErrorClass: why a scheduled message did not become a verified response. Every scheduled message
// ends as exactly one of: completed, or one of these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gauntlet::run {

enum class ErrorClass : std::uint8_t {
  timeout,        // no verified answer within the time limit, counted from the intended time; also
                  // what was in flight behind such a call and is given up with its connection
  transport,      // it could not be written to its connection
  http_status,    // an HTTP status other than success, without a JSON-RPC error to blame
  jsonrpc,        // a JSON-RPC error object
  tool_error,     // a result with isError: true
  protocol,       // an invalid or mismatched answer
  integrity,      // lost, duplicated, or somebody else's answer
  rate_limited,   // HTTP 429, or refused for load with 503 and Retry-After
  unsent,         // due, but there was no connection
  indeterminate,  // sent, then the connection died
};

inline constexpr std::size_t kErrorClassCount = 10;
inline constexpr std::array<std::string_view, kErrorClassCount> kErrorClassNames = {
    "timeout",  "transport", "http_status",  "jsonrpc", "tool_error",
    "protocol", "integrity", "rate_limited", "unsent",  "indeterminate"};

inline std::string_view to_string(ErrorClass c) {
  return kErrorClassNames[static_cast<std::size_t>(c)];
}

using ErrorCounts = std::array<std::uint64_t, kErrorClassCount>;

inline std::uint64_t sum(const ErrorCounts& counts) {
  std::uint64_t total = 0;
  for (const auto n : counts) total += n;
  return total;
}

}  // namespace gauntlet::run
