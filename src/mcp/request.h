// RequestText: one JSON-RPC request as text, made once, of which only id and nonce change per call.
// The id is a number of exactly kIdDigits digits and a nonce exactly kNonceDigits hex digits, so
// that every copy has the same length (and, over HTTP, the same Content-Length).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/revision.h"

namespace gauntlet::mcp {

inline constexpr std::size_t kIdDigits = 10;
inline constexpr std::uint64_t kFirstCallId =
    1'000'000'000;  // the first number of kIdDigits digits
inline constexpr std::uint64_t kLastCallId = 9'999'999'999;
inline constexpr std::size_t kNonceDigits = 16;
inline constexpr std::string_view kNonceMark = "{{nonce}}";

// The ids of initialize and of server/discover.
inline constexpr std::uint64_t kOpeningId = 1;
inline constexpr std::uint64_t kDiscoverId = 2;

struct RequestText {
  std::string method;
  std::string name;  // of the tool, for tools/call
  std::string json;  // with the id kFirstCallId and nonces of zeros
  std::size_t id_at = 0;
  std::vector<std::size_t> nonces_at;
};

// `arguments` is a JSON object in which each "{{nonce}}" becomes a nonce.
RequestText tool_call(Revision revision, std::string_view tool, std::string_view arguments);
// tools/list or ping (which the stateless era does not have).
RequestText plain_request(Revision revision, std::string_view method);

std::string initialize_request(Revision revision);
std::string initialized_notification();
std::string discover_request();

// The HTTP header lines ("Name: value\r\n") that a request of this revision carries beside the
// transport's own, once the revision is agreed (so: none for initialize).
std::string http_header_lines(Revision revision, std::string_view method, std::string_view name);

}  // namespace gauntlet::mcp
