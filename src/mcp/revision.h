// The revisions of MCP and the two eras they fall into.
// https://modelcontextprotocol.io/specification/versioning
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gauntlet::mcp {

enum class Revision : std::uint8_t {
  v2024_11_05,
  v2025_03_26,
  v2025_06_18,
  v2025_11_25,
  v2026_07_28
};

// stateful: initialize, sessions. stateless: _meta on every request, no session.
enum class Era : std::uint8_t { stateful, stateless };

inline constexpr std::array<std::string_view, 5> kRevisionNames = {
    "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};

inline constexpr Revision kLatestStateful = Revision::v2025_11_25;
inline constexpr Revision kLatestStateless = Revision::v2026_07_28;

inline std::string_view name_of(Revision r) { return kRevisionNames[static_cast<std::size_t>(r)]; }

inline Era era_of(Revision r) {
  return r == Revision::v2026_07_28 ? Era::stateless : Era::stateful;
}

inline std::optional<Revision> parse_revision(std::string_view name) {
  for (std::size_t i = 0; i < kRevisionNames.size(); ++i)
    if (kRevisionNames[i] == name) return static_cast<Revision>(i);
  return std::nullopt;
}

// The keys of `_meta` that carry the stateless era's per-request facts.
inline constexpr std::string_view kMetaProtocolVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kMetaClientCapabilities =
    "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMetaServerInfo = "io.modelcontextprotocol/serverInfo";
// 2025-11-25: the task that a message belongs to.
inline constexpr std::string_view kMetaRelatedTask = "io.modelcontextprotocol/related-task";
// 2026-07-28: among the extensions of the capabilities.
inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";

// JSON-RPC and MCP error codes that we send or look for.
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kSessionNotFound = -32001;             // with HTTP 404, stateful era
inline constexpr int kResourceNotFound = -32002;            // before 2026-07-28
inline constexpr int kMissingClientCapability = -32021;     // with HTTP 400, stateless era
inline constexpr int kHeaderMismatch = -32020;              // with HTTP 400, stateless era
inline constexpr int kUnsupportedProtocolVersion = -32022;  // with HTTP 400, stateless era

}  // namespace gauntlet::mcp
