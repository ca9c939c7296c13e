#include "mcp/rules.h"

#include <cstdint>

#include "json/writer.h"

namespace gauntlet::mcp {
namespace {

constexpr std::string_view kSentinelBegin = "=?base64?";
constexpr std::string_view kSentinelEnd = "?=";

std::unexpected<Refusal> refuse(int code, std::string_view text) {
  return std::unexpected(Refusal{code, 400, text});
}

int sextet_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// RFC 4648 section 4, strict: padded, no foreign characters, no stray bits.
bool decode_base64(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  text.remove_suffix(padding);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int sextet = sextet_of(c);
    if (sextet < 0) return false;
    bits = (bits << 6) | static_cast<std::uint32_t>(sextet);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 0xFF);
    }
  }
  return (bits & ((1U << count) - 1)) == 0;
}

// What Mcp-Name must mirror; empty: nothing.
std::string_view mirrored_name(const Message& message) {
  if (message.method == "tools/call" || message.method == "prompts/get") return message.name;
  if (message.method == "tasks/get" || message.method == "tasks/update" ||
      message.method == "tasks/cancel")
    return message.task_id;
  return message.method == "resources/read" ? message.uri : std::string_view();
}

std::expected<Era, Refusal> check_headers(const Message& message, const HeaderFacts& headers) {
  if (!headers.protocol_version)
    return refuse(kHeaderMismatch, "the MCP-Protocol-Version header is missing");
  if (!headers.method) return refuse(kHeaderMismatch, "the Mcp-Method header is missing");
  if (*headers.method != message.method)
    return refuse(kHeaderMismatch, "the Mcp-Method header and the body's method differ");
  const std::string_view name = mirrored_name(message);
  if (name.empty()) return Era::stateless;
  if (!headers.name) return refuse(kHeaderMismatch, "the Mcp-Name header is missing");
  if (!header_says(*headers.name, name))
    return refuse(kHeaderMismatch, "the Mcp-Name header and the body's params differ");
  return Era::stateless;
}

std::expected<Era, Refusal> classify_claimed(const Message& message, const HeaderFacts* headers) {
  const auto revision = parse_revision(message.claimed_version);
  const bool named = headers != nullptr && headers->protocol_version.has_value();
  if (named && !message.claimed_version.empty() &&
      *headers->protocol_version != message.claimed_version)
    return refuse(kHeaderMismatch, "the MCP-Protocol-Version header and the body's _meta differ");
  if (revision && era_of(*revision) == Era::stateful) return Era::stateful;
  if (!revision && !message.claimed_version.empty())
    return std::unexpected(Refusal{kUnsupportedProtocolVersion, 400, "unsupported protocol version",
                                   message.claimed_version});
  if (message.claimed_version.empty())
    return refuse(kInvalidParams, "_meta: protocolVersion must be a string");
  if (message.kind == Message::Kind::notification) return Era::stateless;
  if (!message.has_client_capabilities)
    return refuse(kInvalidParams, "_meta: clientCapabilities is missing or not an object");
  return headers == nullptr ? Era::stateless : check_headers(message, *headers);
}

// A header alone names the stateless era: the body must say so itself.
std::expected<Era, Refusal> classify_unclaimed(const Message& message) {
  if (message.kind == Message::Kind::notification) return Era::stateless;
  if (message.kind == Message::Kind::response)
    return refuse(kInvalidRequest, "this protocol version has no responses from clients");
  if (message.method == "initialize")
    return refuse(kHeaderMismatch, "this protocol version has no initialize");
  return refuse(kInvalidParams, "_meta: protocolVersion is missing");
}

}  // namespace

bool header_says(std::string_view header, std::string_view body) {
  if (!header.starts_with(kSentinelBegin) || !header.ends_with(kSentinelEnd) ||
      header.size() < kSentinelBegin.size() + kSentinelEnd.size())
    return header == body;
  header.remove_prefix(kSentinelBegin.size());
  header.remove_suffix(kSentinelEnd.size());
  std::string decoded;
  return decode_base64(header, decoded) && decoded == body;
}

std::expected<Era, Refusal> classify(const Message& message, const HeaderFacts* headers) {
  if (message.has_claim) return classify_claimed(message, headers);
  if (headers == nullptr || !headers->protocol_version) return Era::stateful;
  const auto revision = parse_revision(*headers->protocol_version);
  if (revision && era_of(*revision) == Era::stateless) return classify_unclaimed(message);
  if (!revision && message.method != "initialize")
    return refuse(kBadRequest, "unsupported MCP-Protocol-Version");
  return Era::stateful;
}

Revision negotiate(std::string_view requested) {
  const auto revision = parse_revision(requested);
  return revision && era_of(*revision) == Era::stateful ? *revision : kLatestStateful;
}

int http_status_of(int code, Era era) {
  switch (code) {
    case kParseError:
    case kInvalidRequest: return 400;
    case kMethodNotFound: return era == Era::stateless ? 404 : 200;
    default: return 200;
  }
}

void append_error(std::string& out, std::string_view id, const Refusal& refusal) {
  out += R"({"jsonrpc":"2.0",)";
  if (!id.empty()) {
    out += R"("id":)";
    out += id;
    out += ',';
  }
  out += R"("error":{"code":)";
  json::append_int(out, refusal.code);
  out += R"(,"message":)";
  json::append_string(out, refusal.text);
  if (refusal.code == kUnsupportedProtocolVersion) {
    out += R"(,"data":{"supported":[")";
    out += name_of(kLatestStateless);
    out += R"("],"requested":)";
    json::append_string(out, refusal.requested);
    out += '}';
  } else if (!refusal.data.empty()) {
    out += R"(,"data":)";
    out += refusal.data;
  }
  out += "}}";
}

}  // namespace gauntlet::mcp
