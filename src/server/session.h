// Session: what the server remembers of one stateful client, whoever keeps it: the registry in
// shared memory (Streamable HTTP, HTTP+SSE), or the connection (lines, WebSocket, stdio).
// Trivially copyable and of a fixed size: it lies in memory that several processes share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "core/clock.h"
#include "mcp/revision.h"

namespace gauntlet::server {

// The id as the Mcp-Session-Id header carries it: 32 lower-case hex digits of 128 random bits.
using SessionId = std::array<char, 32>;

struct SessionKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const SessionKey&) const = default;
};

SessionKey random_session_key();  // getrandom()
SessionId text_of(const SessionKey& key);
// Nothing where the text is not 32 lower-case hex digits.
std::optional<SessionKey> parse_session_id(std::string_view text);

// What a client said it can be asked (initialize: capabilities), as bits.
enum ClientCapability : std::uint8_t {
  kCanSample = 1,
  kCanElicit = 2,
  kCanListRoots = 4,
  kKnowsTasks = 8,  // stateless: the extension
};

inline constexpr std::size_t kSubscriptionsMax = 32;
// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): the same number in every process.
std::uint64_t uri_hash(std::string_view uri);

// RFC 5424 severities as MCP orders them: debug 0 … emergency 7; kNoLogs: none are sent.
inline constexpr std::uint8_t kLogInfo = 1;
inline constexpr std::uint8_t kNoLogs = 8;

// A client's allowance of messages (token bucket); refilled when it is looked at.
struct Allowance {
  double tokens = 0;
  core::Nanos filled_ns = 0;  // 0: never
};

struct Session {
  mcp::Revision revision = mcp::kLatestStateful;
  std::uint8_t log_level = kLogInfo;
  std::uint8_t capabilities = 0;  // ClientCapability
  std::uint8_t subscription_count = 0;
  std::uint32_t next_stream = 1;   // number of the next event stream; 0 is the standalone one
  std::uint64_t stream_owner = 0;  // names what writes its standalone stream; 0: nothing
  std::uint64_t principal = 0;     // hash of the subject that opened it; 0: no authorization
  Allowance allowance;
  // uri_hash() of the resources that it watches, the first `subscription_count` of them.
  std::array<std::uint64_t, kSubscriptionsMax> subscriptions{};

  bool watches(std::uint64_t uri) const;
  bool subscribe(std::uint64_t uri);  // false: no room. Twice is once
  void unsubscribe(std::uint64_t uri);
};
static_assert(std::is_trivially_copyable_v<Session>);

}  // namespace gauntlet::server
