#include "wire/http_grammar.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/scan.h"

namespace gauntlet::wire {
namespace {

constexpr std::array<bool, 256> token_bytes() {
  std::array<bool, 256> table{};
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  for (const char c : kMarks) table[static_cast<unsigned char>(c)] = true;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = table[c + ('a' - 'A')] = true;
  return table;
}
constexpr std::array<bool, 256> kTokenBytes = token_bytes();

const char* skip_token(const char* from, const char* end) {
  while (from != end && kTokenBytes[static_cast<unsigned char>(*from)]) ++from;
  return from;
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* skip_blanks(const char* from, const char* end) {
  while (from != end && is_blank(*from)) ++from;
  return from;
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

ParsedLine bad(HttpError error) { return {nullptr, error}; }

constexpr std::size_t kVersionBytes = 8;  // "HTTP/1.1"

HttpError parse_version(const char* from, const char* end, HttpHead& head) {
  const std::string_view text = std::string_view(from, end).substr(0, kVersionBytes);
  if (!text.starts_with("HTTP/")) return HttpError::bad_start_line;
  if (text != "HTTP/1.1" && text != "HTTP/1.0") return HttpError::unsupported_version;
  head.version_minor = text.back() - '0';
  return HttpError::none;
}

// origin-form, absolute-form or asterisk-form (section 3.2); nobody here answers CONNECT.
bool is_target(std::string_view target) {
  return target.starts_with('/') || target.starts_with("http://") ||
         target.starts_with("https://") || target == "*";
}

HttpError settle_length(HttpHead& head, std::string_view value) {
  std::uint64_t length = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, length);
  if (error != std::errc() || stop != end) return HttpError::bad_length;
  if (head.chunked || (head.has_length && head.content_length != length)) {
    return HttpError::bad_length;
  }
  head.has_length = true;
  head.content_length = length;
  return HttpError::none;
}

// HTTP/1.0 knows no codings: such a message is framed by guesswork (section 6.1).
HttpError settle_coding(HttpHead& head, std::string_view value) {
  if (head.chunked || head.version_minor == 0) return HttpError::unsupported_coding;
  if (!equal_ignoring_case(value, "chunked")) return HttpError::unsupported_coding;
  if (head.has_length) return HttpError::bad_length;
  head.chunked = true;
  return HttpError::none;
}

struct Persistence {
  bool close = false;
  bool keep_alive = false;
};

void read_connection(Persistence& persistence, std::string_view value) {
  const char* at = value.data();
  const char* const end = at + value.size();
  while (at != end) {
    const char* const token_end = skip_token(at, end);
    const std::string_view token(at, token_end);
    persistence.close |= equal_ignoring_case(token, "close");
    persistence.keep_alive |= equal_ignoring_case(token, "keep-alive");
    at = token_end == end ? end : token_end + 1;
  }
}

}  // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

ParsedLine parse_request_line(const char* from, const char* end, HttpHead& head) {
  const char* const method_end = skip_token(from, end);
  if (method_end == from || method_end == end || *method_end != ' ') {
    return bad(HttpError::bad_start_line);
  }
  const char* const target = method_end + 1;
  const char* const target_end = find_target_end(target, end);
  if (target_end == end || *target_end != ' ' || !is_target({target, target_end})) {
    return bad(HttpError::bad_start_line);
  }
  const char* const version = target_end + 1;
  if (const HttpError error = parse_version(version, end, head); error != HttpError::none) {
    return bad(error);
  }
  if (!crlf_at(version + kVersionBytes, end)) return bad(HttpError::bad_start_line);
  head.method = {from, method_end};
  head.target = {target, target_end};
  return {version + kVersionBytes + 2};
}

ParsedLine parse_status_line(const char* from, const char* end, HttpHead& head) {
  if (const HttpError error = parse_version(from, end, head); error != HttpError::none) {
    return bad(error);
  }
  const char* const code = from + kVersionBytes;
  if (end - code < 4 || code[0] != ' ' || code[1] < '1' || code[1] > '5' || !is_digit(code[2]) ||
      !is_digit(code[3])) {
    return bad(HttpError::bad_start_line);
  }
  // The blank before an empty reason is required, and left out by some servers.
  const char* reason = code + 4;
  if (reason != end && *reason == ' ') reason = find_value_end(reason, end);
  if (!crlf_at(reason, end)) return bad(HttpError::bad_start_line);
  head.status = (code[1] - '0') * 100 + (code[2] - '0') * 10 + (code[3] - '0');
  return {reason + 2};
}

ParsedLine parse_field_line(const char* from, const char* end, HttpHeader& field) {
  const char* const name_end = skip_token(from, end);
  if (name_end == from || name_end == end || *name_end != ':') return bad(HttpError::bad_header);
  const char* const value = skip_blanks(name_end + 1, end);
  const char* const line_end = find_value_end(value, end);
  if (!crlf_at(line_end, end)) return bad(HttpError::bad_header);
  const char* value_end = line_end;
  while (value_end != value && is_blank(value_end[-1])) --value_end;
  field.name = {from, name_end};
  field.value = {value, value_end};
  return {line_end + 2};
}

bool parse_chunk_line(std::string_view line, std::uint64_t& size_bytes) {
  const char* const end = line.data() + line.size();
  const auto [digits_end, error] = std::from_chars(line.data(), end, size_bytes, 16);
  if (error != std::errc()) return false;
  const char* const extension = skip_blanks(digits_end, end);
  if (extension != end && *extension == ';') return crlf_at(find_value_end(extension, end), end);
  return crlf_at(digits_end, end);
}

HttpError settle(HttpHead& head) {
  Persistence persistence;
  bool has_host = false;
  for (std::size_t i = 0; i < head.header_count; ++i) {
    const auto& [name, value] = head.headers[i];
    HttpError error = HttpError::none;
    if (name.size() == 4 && equal_ignoring_case(name, "host")) {
      if (has_host) error = HttpError::bad_header;
      has_host = true;
    } else if (name.size() == 10 && equal_ignoring_case(name, "connection")) {
      read_connection(persistence, value);
    } else if (name.size() == 14 && equal_ignoring_case(name, "content-length")) {
      error = settle_length(head, value);
    } else if (name.size() == 17 && equal_ignoring_case(name, "transfer-encoding")) {
      error = settle_coding(head, value);
    }
    if (error != HttpError::none) return error;
  }
  head.keep_alive = !persistence.close && (head.version_minor == 1 || persistence.keep_alive);
  return HttpError::none;
}

const HttpHeader* HttpHead::find(std::string_view name) const {
  for (std::size_t i = 0; i < header_count; ++i) {
    if (equal_ignoring_case(headers[i].name, name)) return &headers[i];
  }
  return nullptr;
}

std::string_view HttpHead::value_of(std::string_view name) const {
  const HttpHeader* const header = find(name);
  return header == nullptr ? std::string_view() : header->value;
}

std::size_t HttpHead::count_of(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.begin() + static_cast<std::ptrdiff_t>(header_count),
                    [&](const HttpHeader& h) { return equal_ignoring_case(h.name, name); }));
}

void HttpHead::move_views(const char* from, const char* to) {
  const auto moved = [&](std::string_view view) {
    return view.empty() ? view : std::string_view(to + (view.data() - from), view.size());
  };
  method = moved(method);
  target = moved(target);
  for (std::size_t i = 0; i < header_count; ++i)
    headers[i] = {moved(headers[i].name), moved(headers[i].value)};
}

std::string_view to_string(HttpError error) {
  switch (error) {
    case HttpError::none: return "none";
    case HttpError::bad_start_line: return "bad start line";
    case HttpError::unsupported_version: return "unsupported version";
    case HttpError::bad_header: return "bad header";
    case HttpError::too_many_headers: return "too many headers";
    case HttpError::head_too_large: return "head too large";
    case HttpError::bad_length: return "bad length";
    case HttpError::bad_chunk: return "bad chunk";
    case HttpError::unsupported_coding: return "unsupported transfer coding";
    case HttpError::body_too_large: return "body too large";
  }
  return "unknown";
}

}  // namespace gauntlet::wire
