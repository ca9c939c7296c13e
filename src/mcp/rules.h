// Rules of the server's side: which era a message belongs to, whether its headers agree with it,
// which revision an initialize gets, and how an error looks on the wire. No sockets, no state.
//
// The body decides the era (2026-07-28 basic/versioning): a request whose _meta names
// 2026-07-28 is stateless, even when it is called initialize; one without that claim is stateful.
// Order of the checks: version (-32020, -32022), _meta (-32602), headers (-32020).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/message.h"
#include "mcp/revision.h"

namespace gauntlet::mcp {

// For refusals that no specification gives a code: a missing session, a header we cannot take.
inline constexpr int kBadRequest = -32000;

// The MCP headers of one HTTP request.
struct HeaderFacts {
  std::optional<std::string_view> protocol_version;
  std::optional<std::string_view> method;
  std::optional<std::string_view> name;
  // Any other header of the request, by its name in lower case.
  const void* head = nullptr;
  std::optional<std::string_view> (*find)(const void* head, std::string_view lower_name) = nullptr;
};

struct Refusal {
  int code = 0;
  int http_status = 200;
  std::string_view text;
  std::string_view requested = {};  // kUnsupportedProtocolVersion: what was asked for
  std::string_view data = {};       // any other: JSON text of the error's data, or empty
};

// `headers` is null on streams of lines, which have none.
std::expected<Era, Refusal> classify(const Message& message, const HeaderFacts* headers);

// The revision that an initialize gets: the one asked for where it is stateful, else our latest.
Revision negotiate(std::string_view requested);

// A header's value, decoded where it is =?base64?…?=, says the same as the body.
bool header_says(std::string_view header, std::string_view body);

// The HTTP status of an error that answering raised, as opposed to a Refusal.
int http_status_of(int code, Era era);

// The error answer as JSON text. `id` is a raw token; empty: no id (MCP has no null ids).
void append_error(std::string& out, std::string_view id, const Refusal& refusal);

}  // namespace gauntlet::mcp
