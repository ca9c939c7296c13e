// RequestTemplate: the bytes of one request as they go onto the connection (an HTTP POST or a
// line), made before the run. A call copies them and writes in its id, its nonce and, over HTTP,
// its client's session. Immutable after construction; threads may share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/target.h"
#include "mcp/request.h"
#include "wire/http.h"

namespace gauntlet::load {

class RequestTemplate {
 public:
  RequestTemplate(const Target& target, const mcp::RequestText& text);

  // `session_line` is "Mcp-Session-Id: …\r\n" or empty (lines ignore it).
  void append(std::string& out, std::string_view session_line, std::uint64_t id,
              std::uint64_t nonce) const;

  const std::string& method() const { return method_; }
  bool has_nonce() const { return !nonces_at_.empty(); }

 private:
  std::string method_;
  std::string head_;                    // HTTP: up to where the session's line goes
  std::string tail_;                    // HTTP: the empty line and the body; lines: everything
  std::size_t id_at_ = 0;               // in tail_
  std::vector<std::size_t> nonces_at_;  // in tail_
};

// One message outside the prepared ones, as it goes onto the connection: a POST (with the header
// lines of its revision and its session's), or a line.
void append_message(std::string& out, const Target& target, std::string_view revision_lines,
                    std::string_view session_line, std::string_view json);

// The DELETE that ends a session over HTTP.
void append_session_end(std::string& out, const Target& target, mcp::Revision revision,
                        std::string_view session_line);

// The GET that goes on with an event stream of a session after the event `last_event_id`.
void append_resumption(std::string& out, const Target& target, std::string_view session_line,
                       std::string_view last_event_id);

// "Mcp-Session-Id: …\r\n" as an answer's head gives it; "" where it gives none.
std::string session_line_of(const wire::HttpHead& head);

}  // namespace gauntlet::load
