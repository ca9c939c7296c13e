#include "server/http_request.h"

#include <algorithm>

namespace gauntlet::server {
namespace {

using View = std::string_view;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Letters and punctuation only: the parser lets no control byte pass, which |0x20 could mistake.
bool same_letters(View a, View lower_b) {
  if (a.size() != lower_b.size()) return false;
  int difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= (a[i] | 0x20) ^ lower_b[i];
  return difference == 0;
}

bool contains_letters(View text, View lower_part) {
  return std::search(text.begin(), text.end(), lower_part.begin(), lower_part.end(),
                     [](char x, char y) { return lower(x) == y; }) != text.end();
}

// Where a header of that name is kept; null: it does not matter here.
std::optional<View>* place_of(View name, RequestHeaders& headers) {
  const auto is = [name](View lower_name) { return same_letters(name, lower_name); };
  switch (name.size()) {
    case 4: return is("host") ? &headers.host : nullptr;
    case 6: return is("accept") ? &headers.accept : is("origin") ? &headers.origin : nullptr;
    case 8: return is("mcp-name") ? &headers.mcp.name : nullptr;
    case 10: return is("mcp-method") ? &headers.mcp.method : nullptr;
    case 12: return is("content-type") ? &headers.content_type : nullptr;
    case 13: return is("last-event-id") ? &headers.last_event_id : nullptr;
    case 14: return is("mcp-session-id") ? &headers.session_id : nullptr;
    case 20: return is("mcp-protocol-version") ? &headers.mcp.protocol_version : nullptr;
    default: return nullptr;
  }
}

std::optional<View> find_header(const void* head, View lower_name) {
  const auto& where = *static_cast<const wire::HttpHead*>(head);
  for (std::size_t i = 0; i < where.header_count; ++i)
    if (same_letters(where.headers[i].name, lower_name)) return where.headers[i].value;
  return std::nullopt;
}

bool accepts(View accept, View type, View type_range) {
  return accept.find(type) != View::npos || contains_letters(accept, type) ||
         contains_letters(accept, type_range) || accept.find("*/*") != View::npos;
}

mcp::Refusal refusal(int status, View text) { return {mcp::kBadRequest, status, text}; }

// "application/json", perhaps with parameters.
bool is_json(View content_type) {
  return same_letters(content_type.substr(0, content_type.find_first_of("; \t")),
                      "application/json");
}

}  // namespace

RequestHeaders collect_headers(const wire::HttpHead& head) {
  RequestHeaders headers;
  headers.mcp.head = &head;
  headers.mcp.find = find_header;
  for (std::size_t i = 0; i < head.header_count; ++i) {
    const wire::HttpHeader& header = head.headers[i];
    std::optional<View>* const place = place_of(header.name, headers);
    if (place != nullptr && !*place) *place = header.value;
  }
  return headers;
}

View path_of(View target) {
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const std::size_t slash = target.find('/', 8);
    target = slash == View::npos ? View("/") : target.substr(slash);
  }
  return target.substr(0, target.find('?'));
}

bool is_local_host(View host) {
  const std::size_t colon = host.rfind(':');
  if (colon != View::npos && host.find_first_not_of("0123456789", colon + 1) == View::npos)
    host = host.substr(0, colon);
  return same_letters(host, "localhost") || host == "127.0.0.1" || host == "[::1]";
}

bool is_local_origin(View origin) {
  const std::size_t scheme = origin.find("://");
  return scheme != View::npos && is_local_host(origin.substr(scheme + 3));
}

std::optional<mcp::Refusal> check_source(const RequestHeaders& headers, bool loopback) {
  if (loopback && headers.host && !is_local_host(*headers.host))
    return refusal(403, "this Host is not served here");
  if (headers.origin && !is_local_origin(*headers.origin))
    return refusal(403, "this Origin is not allowed");
  return std::nullopt;
}

std::optional<mcp::Refusal> check_content_type(const RequestHeaders& headers) {
  if (headers.content_type && is_json(*headers.content_type)) return std::nullopt;
  return refusal(415, "Content-Type must be application/json");
}

bool accepts_events(const RequestHeaders& headers, AnswerMode mode) {
  return mode != AnswerMode::json &&
         accepts(headers.accept.value_or("*/*"), "text/event-stream", "text/*");
}

std::expected<AnswerFormat, mcp::Refusal> check_media_types(const RequestHeaders& headers,
                                                            AnswerMode mode) {
  if (const auto wrong = check_content_type(headers)) return std::unexpected(*wrong);
  if (mode != AnswerMode::sse &&
      accepts(headers.accept.value_or("*/*"), "application/json", "application/*"))
    return AnswerFormat::json;
  if (accepts_events(headers, mode)) return AnswerFormat::sse;
  return std::unexpected(refusal(406, "Accept must allow application/json or text/event-stream"));
}

RequestFacts facts_of(const wire::HttpHead& head, AnswerMode mode) {
  RequestFacts facts;
  facts.headers = collect_headers(head);
  facts.path = path_of(head.target);
  facts.has_post = head.method == "POST";
  facts.bad_source = {check_source(facts.headers, false), check_source(facts.headers, true)};
  facts.media_format = check_media_types(facts.headers, mode);
  return facts;
}

}  // namespace gauntlet::server
