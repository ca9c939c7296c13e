#include "wire/http_write.h"

#include <array>
#include <charconv>

namespace gauntlet::wire {
namespace {

// Whole status lines of what servers of this kind answer; the reason phrase is a part of each.
std::string_view status_line(int status) {
  switch (status) {
    case 100: return "HTTP/1.1 100 Continue\r\n";
    case 101: return "HTTP/1.1 101 Switching Protocols\r\n";
    case 200: return "HTTP/1.1 200 OK\r\n";
    case 201: return "HTTP/1.1 201 Created\r\n";
    case 202: return "HTTP/1.1 202 Accepted\r\n";
    case 204: return "HTTP/1.1 204 No Content\r\n";
    case 301: return "HTTP/1.1 301 Moved Permanently\r\n";
    case 302: return "HTTP/1.1 302 Found\r\n";
    case 303: return "HTTP/1.1 303 See Other\r\n";
    case 304: return "HTTP/1.1 304 Not Modified\r\n";
    case 307: return "HTTP/1.1 307 Temporary Redirect\r\n";
    case 308: return "HTTP/1.1 308 Permanent Redirect\r\n";
    case 400: return "HTTP/1.1 400 Bad Request\r\n";
    case 401: return "HTTP/1.1 401 Unauthorized\r\n";
    case 403: return "HTTP/1.1 403 Forbidden\r\n";
    case 404: return "HTTP/1.1 404 Not Found\r\n";
    case 405: return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 406: return "HTTP/1.1 406 Not Acceptable\r\n";
    case 408: return "HTTP/1.1 408 Request Timeout\r\n";
    case 409: return "HTTP/1.1 409 Conflict\r\n";
    case 410: return "HTTP/1.1 410 Gone\r\n";
    case 411: return "HTTP/1.1 411 Length Required\r\n";
    case 413: return "HTTP/1.1 413 Content Too Large\r\n";
    case 414: return "HTTP/1.1 414 URI Too Long\r\n";
    case 415: return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case 417: return "HTTP/1.1 417 Expectation Failed\r\n";
    case 421: return "HTTP/1.1 421 Misdirected Request\r\n";
    case 422: return "HTTP/1.1 422 Unprocessable Content\r\n";
    case 426: return "HTTP/1.1 426 Upgrade Required\r\n";
    case 429: return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431: return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 500: return "HTTP/1.1 500 Internal Server Error\r\n";
    case 501: return "HTTP/1.1 501 Not Implemented\r\n";
    case 502: return "HTTP/1.1 502 Bad Gateway\r\n";
    case 503: return "HTTP/1.1 503 Service Unavailable\r\n";
    case 504: return "HTTP/1.1 504 Gateway Timeout\r\n";
    case 505: return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
    default: return {};
  }
}

void append_number(std::string& out, std::size_t number, int base) {
  std::array<char, 20> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), end);
}

}  // namespace

void append_head_start(std::string& out, int status, std::string_view content_type) {
  if (const std::string_view line = status_line(status); !line.empty()) {
    out.append(line);
  } else {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::size_t>(status), 10);
    out.append(" \r\n");
  }
  if (!content_type.empty()) out.append("Content-Type: ").append(content_type).append("\r\n");
}

std::string_view reason_phrase(int status) {
  constexpr std::size_t kBefore = std::string_view("HTTP/1.1 200 ").size();
  const std::string_view line = status_line(status);
  return line.empty() ? line : line.substr(kBefore, line.size() - kBefore - 2);
}

void append_response_head(std::string& out, int status, std::string_view content_type,
                          std::size_t content_length, std::string_view extra_headers) {
  append_head_start(out, status, content_type);
  out.append(extra_headers);
  if (status >= 200 && status != 204) return append_length(out, content_length);
  out.append("\r\n");
}

void append_length(std::string& out, std::size_t content_length) {
  out.append("Content-Length: ");
  append_number(out, content_length, 10);
  out.append("\r\n\r\n");
}

void append_chunked_head(std::string& out, int status, std::string_view content_type,
                         std::string_view extra_headers) {
  append_head_start(out, status, content_type);
  out.append("Transfer-Encoding: chunked\r\n").append(extra_headers).append("\r\n");
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  append_number(out, data.size(), 16);
  out.append("\r\n").append(data).append("\r\n");
}

void append_last_chunk(std::string& out) { out.append("0\r\n\r\n"); }

}  // namespace gauntlet::wire
