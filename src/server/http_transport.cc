#include "server/http_transport.h"

#include <ctime>

#include "server/credentials.h"
#include "wire/http_write.h"

namespace gauntlet::server {
namespace {

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kJson = "application/json";

int status_of(wire::HttpError error) {
  switch (error) {
    case wire::HttpError::body_too_large: return 413;
    case wire::HttpError::head_too_large:
    case wire::HttpError::too_many_headers: return 431;
    case wire::HttpError::unsupported_version: return 505;
    case wire::HttpError::unsupported_coding: return 501;
    default: return 400;
  }
}

// What is there for everybody.
bool is_page(std::string_view path) {
  return path == "/health" || path == "/ready" || path == "/metrics";
}

std::string_view extra_of(int status) {
  return status == 429 || status == 503 ? std::string_view("Retry-After: 1\r\n")
                                        : std::string_view();
}

}  // namespace

HttpTransport::HttpTransport(net::Loop& loop, Service& service, const Config& config,
                             std::function<std::string()> metrics_text)
    : Transport(loop, service, config.limits),
      config_(config),
      authorizer_(config.credentials != nullptr && config.credentials->authorizer
                      ? &*config.credentials->authorizer
                      : nullptr),
      metrics_text_(std::move(metrics_text)) {
  refresh_date();
}

// RFC 9110 section 6.6.1: an origin server with a clock sends Date.
void HttpTransport::refresh_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  const std::size_t size =
      std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
  date_line_.assign(text, size);
}

void HttpTransport::sweep(core::Nanos now_ns) {
  refresh_date();
  Transport::sweep(now_ns);
}

std::unique_ptr<Peer> HttpTransport::make_peer() const {
  return std::make_unique<HttpPeer>(
      wire::HttpLimits{limits_.head_bytes_max, limits_.message_bytes_max});
}

std::span<char> HttpTransport::consume(Peer& base, std::span<char> bytes) {
  using Event = wire::HttpParser::Event;
  auto& peer = static_cast<HttpPeer&>(base);
  while (!held_up(peer)) {
    const auto step = peer.parser.step(bytes);
    bytes = bytes.subspan(step.consumed);
    switch (step.event) {
      case Event::head:
        peer.in_body = true;
        if (authorizer_ != nullptr) authorize(peer);
        break;
      case Event::body: on_body(peer, step.body); break;
      case Event::end: on_request(peer); break;
      case Event::error: on_error(peer); return {};
      case Event::need_more: on_incomplete(peer); return bytes;
    }
  }
  return bytes;
}

void HttpTransport::on_body(HttpPeer& peer, std::span<char> piece) {
  if (peer.denied) return;
  const wire::HttpHead& head = peer.parser.head();
  if (head.has_length && piece.size() == head.content_length) {
    peer.whole = piece;
  } else {
    peer.body.append(piece.data(), piece.size());
  }
}

// The bytes are used up with a request begun: keeps what it needs of them.
void HttpTransport::on_incomplete(HttpPeer& peer) {
  peer.partial = !peer.parser.idle();
  if (!peer.partial) return;
  peer.parser.retain();
  if (!peer.in_body || peer.continued || !peer.body.empty()) return;
  if (peer.parser.head().value_of("expect").empty()) return;
  peer.continued = true;
  wire::append_response_head(out(), 100, {}, 0, {});
}

void HttpTransport::on_error(HttpPeer& peer) {
  const int status = status_of(peer.parser.error());
  peer.keep_alive = false;
  refuse(peer, {mcp::kBadRequest, status, wire::to_string(peer.parser.error())});
  begin_close(peer);
}

void HttpTransport::on_request(HttpPeer& peer) {
  const wire::HttpHead& head = peer.parser.head();
  peer.partial = peer.in_body = peer.continued = false;
  peer.partial_since_ns = 0;
  peer.keep_alive = head.keep_alive && !draining();
  peer.head_only = head.method == "HEAD";
  peer.http_1_0 = head.version_minor == 0;
  peer.format = AnswerFormat::json;
  const RequestHeaders headers = collect_headers(head);
  if (!headers.host && !peer.http_1_0) {
    refuse(peer, {mcp::kBadRequest, 400, "the Host header is missing"});
  } else if (const auto refusal = check_source(headers, peer.loopback)) {
    refuse(peer, *refusal);
  } else if (peer.denied) {
    const int code = peer.denied->status == 404 ? mcp::kSessionNotFound : mcp::kBadRequest;
    refuse(peer, {code, peer.denied->status, peer.denied->text}, peer.denied->header_line);
  } else if (const std::string_view path = path_of(head.target); path == "/mcp") {
    on_mcp(peer, headers);
  } else {
    route(peer, path);
  }
  peer.whole = {};
  peer.body.clear();
  check_output(peer);
  if (!peer.keep_alive && peer.later == 0) begin_close(peer);
}

// Before any of the body: what is refused is not kept. Views of the head hold only now.
void HttpTransport::authorize(HttpPeer& peer) {
  const wire::HttpHead& head = peer.parser.head();
  const std::string_view path = path_of(head.target);
  peer.principal = 0;
  peer.denied.reset();
  if (is_page(path) || authorizer_->is_metadata_path(path)) return;
  auto principal = authorizer_->authorize(head, std::time(nullptr));
  if (!principal) {
    peer.denied = std::move(principal.error());
    return;
  }
  peer.principal = *principal;
  if (is_foreign_session(peer)) peer.denied = {404, "Session not found", {}};
}

// A session belongs to whom it was opened for: to all others it is not there.
bool HttpTransport::is_foreign_session(const HttpPeer& peer) const {
  const auto key = parse_session_id(peer.parser.head().value_of("mcp-session-id"));
  const auto session = key ? service_.shared().registry.find(*key, now_ns()) : std::nullopt;
  return session && session->principal != peer.principal;
}

void HttpTransport::route(HttpPeer& peer, std::string_view path) {
  const std::string_view method = peer.parser.head().method;
  const bool metadata = authorizer_ != nullptr && authorizer_->is_metadata_path(path);
  if (!metadata && !is_page(path)) return write_plain(peer, 404, kPlainText, "not found\n");
  if (method != "GET" && method != "HEAD")
    return write_plain(peer, 405, kPlainText, "use GET\n", "Allow: GET, HEAD\r\n");
  if (metadata) return write_plain(peer, 200, kJson, authorizer_->metadata(peer.parser.head()));
  if (path == "/metrics") return write_plain(peer, 200, kMetricsText, metrics_text_());
  if (path == "/ready" && draining())
    return write_plain(peer, 503, kJson, R"({"status":"stopping"})");
  write_plain(peer, 200, kJson, R"({"status":"ok"})");
}

void HttpTransport::on_mcp(HttpPeer& peer, const RequestHeaders& headers) {
  const std::string_view method = peer.parser.head().method;
  if (method == "POST") return on_post(peer, headers);
  if (method == "DELETE") return on_delete(peer, headers);
  refuse(peer, {mcp::kBadRequest, 405, "use POST"}, "Allow: POST, DELETE\r\n");
}

void HttpTransport::on_post(HttpPeer& peer, const RequestHeaders& headers) {
  const auto format = check_media_types(headers, config_.answer_mode);
  if (!format) return refuse(peer, format.error());
  if (!peer.http_1_0) peer.format = *format;  // HTTP/1.0 has no chunks to send events in
  Caller caller = caller_of(peer);
  caller.headers = &headers.mcp;
  caller.session_id = headers.session_id;
  std::span<const char> body = peer.whole;
  if (!peer.body.empty()) {
    const std::size_t size = peer.body.size();
    peer.body.append(wire::kReadPadding, '\0');
    body = {peer.body.data(), size};
  }
  answer(peer, service_.handle(body, caller));
}

void HttpTransport::on_delete(HttpPeer& peer, const RequestHeaders& headers) {
  if (!headers.session_id)
    return refuse(peer, {mcp::kBadRequest, 400, "the Mcp-Session-Id header is missing"});
  if (!service_.close_session(*headers.session_id))
    return refuse(peer, {mcp::kSessionNotFound, 404, "Session not found"});
  write_plain(peer, 200, {}, {});
}

void HttpTransport::refuse(HttpPeer& peer, const mcp::Refusal& refusal, std::string_view extra) {
  const Answer answer = service_.refuse(refusal);
  write_plain(peer, answer.http_status, kJson, answer.body, extra);
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
  wire::append_response_head(out(), status, type, body.size(), head_lines(peer, extra));
  if (!peer.head_only) out() += body;
}

void HttpTransport::write(Peer& base, const Answer& answer) {
  auto& peer = static_cast<HttpPeer&>(base);
  const Delivery& delivery = answer.delivery;
  if (swallows(peer, answer) || delivery.copies == 0) return;
  if (draining()) peer.keep_alive = false;
  if (answer.body.empty()) return write_plain(peer, 202, {}, {});
  std::string extra(extra_of(answer.http_status));
  if (answer.session) {
    extra += "Mcp-Session-Id: ";
    extra.append(answer.session->data(), answer.session->size()).append("\r\n");
  }
  const bool as_events = peer.format == AnswerFormat::sse && answer.http_status == 200;
  if (delivery.half_then_close) {
    write_half(peer, answer.body);
  } else if (as_events || delivery.copies > 1) {
    write_events(peer, answer, std::move(extra));
  } else {
    write_plain(peer, answer.http_status, kJson, answer.body, extra);
  }
  if (!peer.keep_alive) begin_close(peer);
}

void HttpTransport::write_half(HttpPeer& peer, std::string_view body) {
  wire::append_response_head(out(), 200, kJson, body.size(), head_lines(peer, {}));
  out() += body.substr(0, body.size() / 2);
  begin_close(peer);
}

void HttpTransport::write_events(HttpPeer& peer, const Answer& answer, std::string extra) {
  extra += "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n";
  wire::append_chunked_head(out(), 200, "text/event-stream", head_lines(peer, extra));
  event_ = "event: message\ndata: ";
  event_ += answer.body;
  event_ += "\n\n";
  for (int i = 0; i < answer.delivery.copies; ++i) wire::append_chunk(out(), event_);
  wire::append_last_chunk(out());
}

}  // namespace gauntlet::server
