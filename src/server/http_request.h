// What the server reads from the head of an HTTP request, and whether it may be answered at all.
// Pure functions over the parser's views.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "mcp/rules.h"
#include "server/config.h"
#include "wire/http.h"

namespace gauntlet::server {

// The headers that matter, found in one pass; of a repeated one the first counts.
struct RequestHeaders {
  std::optional<std::string_view> host;
  std::optional<std::string_view> origin;
  std::optional<std::string_view> accept;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> session_id;
  std::optional<std::string_view> last_event_id;
  mcp::HeaderFacts mcp;
};

RequestHeaders collect_headers(const wire::HttpHead& head);

// The path of a request target in origin or absolute form, without its query.
std::string_view path_of(std::string_view target);

// "localhost", "127.0.0.1" or "[::1]", with any port or none.
bool is_local_host(std::string_view host);
// "<scheme>://" and a local host.
bool is_local_origin(std::string_view origin);

// Against DNS rebinding (MCP basic/transports, Security): a foreign Origin is refused everywhere, a
// foreign Host on loopback listeners. Nothing: it may pass.
std::optional<mcp::Refusal> check_source(const RequestHeaders& headers, bool loopback);

enum class AnswerFormat : std::uint8_t { json, sse };

// 415 and 406, or the format that the client is to get. An absent Accept takes anything.
std::expected<AnswerFormat, mcp::Refusal> check_media_types(const RequestHeaders& headers,
                                                            AnswerMode mode);

// 415, unless the content is JSON.
std::optional<mcp::Refusal> check_content_type(const RequestHeaders& headers);

// Whether the client takes an event stream, and the mode gives it one.
bool accepts_events(const RequestHeaders& headers, AnswerMode mode);

// What a head says by itself: the same for every request that has the same one.
struct RequestFacts {
  RequestHeaders headers;
  std::string_view path;
  bool has_post = false;                                   // the method
  std::array<std::optional<mcp::Refusal>, 2> bad_source;   // by check_source(), [loopback]
  std::expected<AnswerFormat, mcp::Refusal> media_format;  // by check_media_types()
};

RequestFacts facts_of(const wire::HttpHead& head, AnswerMode mode);

}  // namespace gauntlet::server
