#include "load/request_template.h"

#include "load/nonce.h"

namespace gauntlet::load {
namespace {

// Exactly mcp::kIdDigits digits: ids lie between kFirstCallId and kLastCallId.
void write_id(char* out, std::uint64_t id) {
  for (std::size_t i = mcp::kIdDigits; i-- > 0; id /= 10) out[i] = static_cast<char>('0' + id % 10);
}

// The HTTP head of a POST up to and without the empty line, for `body_bytes` of body.
std::string http_post_head(const Target& target, std::string_view revision_lines,
                           std::size_t body_bytes) {
  std::string head = "POST " + target.url.path + " HTTP/1.1\r\nHost: " + target.url.host + "\r\n";
  head += "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
  head += revision_lines;
  for (const auto& [name, value] : target.headers) head += name + ": " + value + "\r\n";
  return head + "Content-Length: " + std::to_string(body_bytes) + "\r\n";
}

}  // namespace

void append_message(std::string& out, const Target& target, std::string_view revision_lines,
                    std::string_view session_line, std::string_view json) {
  if (target.transport() == Transport::lines) {
    out.append(json).append("\n");
    return;
  }
  out.append(http_post_head(target, revision_lines, json.size()));
  out.append(session_line).append("\r\n").append(json);
}

void append_session_end(std::string& out, const Target& target, mcp::Revision revision,
                        std::string_view session_line) {
  out += "DELETE " + target.url.path + " HTTP/1.1\r\nHost: " + target.url.host + "\r\n";
  out.append(mcp::http_header_lines(revision, "", "")).append(session_line).append("\r\n");
}

void append_resumption(std::string& out, const Target& target, std::string_view session_line,
                       std::string_view last_event_id) {
  out += "GET " + target.url.path + " HTTP/1.1\r\nHost: " + target.url.host + "\r\n";
  out += "Accept: text/event-stream\r\n";
  out.append(mcp::http_header_lines(target.revision, "", ""));
  for (const auto& [name, value] : target.headers) out += name + ": " + value + "\r\n";
  out.append("Last-Event-ID: ").append(last_event_id).append("\r\n");
  out.append(session_line).append("\r\n");
}

std::string session_line_of(const wire::HttpHead& head) {
  const std::string_view session = head.value_of("mcp-session-id");
  return session.empty() ? "" : "Mcp-Session-Id: " + std::string(session) + "\r\n";
}

RequestTemplate::RequestTemplate(const Target& target, const mcp::RequestText& text)
    : method_(text.method) {
  std::size_t shift = 0;
  if (target.transport() == Transport::http) {
    const std::string lines = mcp::http_header_lines(target.revision, text.method, text.name);
    head_ = http_post_head(target, lines, text.json.size());
    tail_ = "\r\n" + text.json;
    shift = 2;
  } else {
    tail_ = text.json + "\n";
  }
  id_at_ = text.id_at + shift;
  for (const std::size_t at : text.nonces_at) nonces_at_.push_back(at + shift);
}

void RequestTemplate::append(std::string& out, std::string_view session_line, std::uint64_t id,
                             std::uint64_t nonce) const {
  if (!head_.empty()) out.append(head_).append(session_line);
  const std::size_t start = out.size();
  out.append(tail_);
  write_id(out.data() + start + id_at_, id);
  for (const std::size_t at : nonces_at_) NonceCoder::write(out.data() + start + at, nonce);
}

}  // namespace gauntlet::load
