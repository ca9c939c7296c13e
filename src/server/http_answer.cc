#include "server/http_transport.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "wire/http_write.h"

namespace gauntlet::server {
namespace {

constexpr std::string_view kJson = "application/json";

std::string retry_after(const Answer& answer) {
  if (answer.http_status != 429 && answer.http_status != 503) return {};
  return fmt::format("Retry-After: {}\r\n", std::max(answer.retry_after_seconds, 1UL));
}

std::string extra_lines(const Answer& answer) {
  std::string lines = retry_after(answer);
  if (answer.session) {
    lines += "Mcp-Session-Id: ";
    lines.append(answer.session->data(), answer.session->size()).append("\r\n");
  }
  return lines;
}

// JSON text has no line ends but between its tokens, where a blank does as well.
void append_data(std::string& event, std::string_view json) {
  const std::size_t at = event.size();
  event += json;
  if (json.find_first_of("\r\n") == std::string_view::npos) return;
  for (std::size_t i = at; i < event.size(); ++i)
    if (event[i] == '\r' || event[i] == '\n') event[i] = ' ';
}

}  // namespace

// RFC 9110 section 6.6.1: an origin server with a clock sends Date.
void HttpTransport::refresh_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  const std::size_t size =
      std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
  date_line_.assign(text, size);
  good_head_.clear();
  wire::append_head_start(good_head_, 200, kJson);
  good_head_ += date_line_;
}

void HttpTransport::refuse(HttpPeer& peer, const mcp::Refusal& refusal, std::string_view extra) {
  const Answer answer = service_.refuse(refusal);
  const std::string lines = std::string(extra) + retry_after(answer);
  write_plain(peer, answer.http_status, kJson, answer.body, lines);
}

std::string_view HttpTransport::head_lines(const HttpPeer& peer, std::string_view extra) {
  head_lines_ = date_line_;
  head_lines_ += extra;
  if (!peer.keep_alive) head_lines_ += "Connection: close\r\n";
  if (peer.keep_alive && peer.http_1_0) head_lines_ += "Connection: keep-alive\r\n";
  return head_lines_;
}

void HttpTransport::write_plain(HttpPeer& peer, int status, std::string_view type,
                                std::string_view body, std::string_view extra) {
  if (peer.stalled) return;
  wire::append_response_head(out(peer), status, type, body.size(), head_lines(peer, extra));
  if (!peer.head_only) out(peer) += body;
}

// What write_plain() would write of a good answer in JSON on a connection that stays open.
void HttpTransport::write_good(HttpPeer& peer, std::string_view body) {
  std::string& to = out(peer);
  to += good_head_;
  wire::append_length(to, body.size());
  to += body;
}

void HttpTransport::answer(HttpPeer& peer, const Answer& answer) {
  const Delivery& delivery = answer.delivery;
  if (swallows(peer, answer) || delivery.copies == 0) return;
  if (draining()) peer.keep_alive = false;
  if (answer.body.empty()) {
    write_plain(peer, 202, {}, {});
  } else if (delivery.half_then_close) {
    write_half(peer, answer.body);
  } else if (wants_events(peer, answer) || delivery.copies > 1) {
    answer_with_events(peer, answer, extra_lines(answer));
  } else if (answer.http_status == 200 && !answer.session && peer.keep_alive && !peer.http_1_0) {
    write_good(peer, answer.body);
  } else {
    write_plain(peer, answer.http_status, kJson, answer.body, extra_lines(answer));
  }
  if (!peer.keep_alive) begin_close(peer);
}

bool HttpTransport::wants_events(const HttpPeer& peer, const Answer& answer) {
  return peer.format == AnswerFormat::sse && answer.http_status == 200 && !answer.body.empty();
}

void HttpTransport::write_half(HttpPeer& peer, std::string_view body) {
  wire::append_response_head(out(peer), 200, kJson, body.size(), head_lines(peer, {}));
  out(peer) += body.substr(0, body.size() / 2);
  begin_close(peer);
}

void HttpTransport::begin_events(HttpPeer& peer, std::string_view extra_headers) {
  std::string extra = "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n";
  extra += extra_headers;
  wire::append_chunked_head(out(peer), 200, "text/event-stream", head_lines(peer, extra));
  peer.events = true;
  peer.later = 1;
  peer.last_event_ns = loop_.now();
}

void HttpTransport::write_chunk(HttpPeer& peer, std::string_view text) {
  if (!peer.events || !takes_more(peer)) return;
  wire::append_chunk(out(peer), text);
  peer.last_event_ns = loop_.now();
  check_output(peer);
}

void HttpTransport::write_event(HttpPeer& peer, std::optional<EventId> id, std::string_view json) {
  event_ = "event: message\n";
  if (id && !peer.http_sse) event_ += "id: " + text_of(*id) + "\n";
  event_ += "data: ";
  append_data(event_, json);
  event_ += "\n\n";
  write_chunk(peer, event_);
}

// It gives the client an id to come back with, and says when to.
void HttpTransport::write_priming(HttpPeer& peer, EventId id) {
  write_chunk(peer, "id: " + text_of(id) + "\n" + retry_line(limits_.retry_ns) + "data: \n\n");
}

void HttpTransport::write_comment(HttpPeer& peer, std::string_view text) {
  write_chunk(peer, ": " + std::string(text) + "\n\n");
}

std::string HttpTransport::retry_line(core::Nanos retry_ns) {
  return "retry: " + std::to_string(retry_ns / core::kMillisecond) + "\n";
}

void HttpTransport::end_events(HttpPeer& peer) {
  if (!peer.events) return;
  wire::append_last_chunk(out(peer));
  peer.events = false;
  peer.stream_key.reset();
  peer.exchange.reset();
  peer.later = 0;
  if (!peer.keep_alive || draining()) return begin_close(peer);
  go_on(peer);
}

}  // namespace gauntlet::server
