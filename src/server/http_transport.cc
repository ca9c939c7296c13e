#include "server/http_transport.h"

#include <ctime>

#include "server/credentials.h"
#include "server/gate.h"
#include "wire/http_write.h"
#include "wire/web_socket_handshake.h"

namespace gauntlet::server {
namespace {

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kSubprotocol = "mcp";

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

int code_of(int refused_with_status) {
  switch (refused_with_status) {
    case 404: return mcp::kSessionNotFound;
    case 503: return kOverloaded;
    default: return mcp::kBadRequest;
  }
}

// What is there for everybody.
bool is_page(std::string_view path) {
  return path == "/health" || path == "/ready" || path == "/metrics";
}

}  // namespace

HttpTransport::HttpTransport(net::Loop& loop, Service& service, const Config& config,
                             std::function<std::string()> metrics_text)
    : Transport(loop, service, config.limits),
      config_(config),
      authorizer_(config.credentials != nullptr && config.credentials->authorizer
                      ? &*config.credentials->authorizer
                      : nullptr),
      metrics_text_(std::move(metrics_text)),
      streams_(service.shared(), config.limits, *this),
      heads_(wire::HttpParser::Role::request,
             {config.limits.head_bytes_max, config.limits.message_bytes_max}) {
  refresh_date();
}

void HttpTransport::sweep(core::Nanos now_ns) {
  refresh_date();
  Transport::sweep(now_ns);
  streams_.sweep(now_ns);
  each_peer([&](Peer& base) {
    auto& peer = static_cast<HttpPeer&>(base);
    if (peer.events && now_ns - peer.last_event_ns >= limits_.keep_alive_ns)
      keep_alive(peer, now_ns);
    else if (now_ns - peer.active_ns > limits_.idle_ns && is_idle(peer))
      cut_off(peer);
  });
}

std::unique_ptr<Peer> HttpTransport::make_peer() const {
  return std::make_unique<HttpPeer>(heads_);
}

std::span<char> HttpTransport::consume(Peer& base, std::span<char> bytes) {
  using Event = wire::HttpParser::Event;
  auto& peer = static_cast<HttpPeer&>(base);
  while (peer.share > 0 && !held_up(peer)) {
    const auto step = peer.parser.step(bytes);
    bytes = bytes.subspan(step.consumed);
    switch (step.event) {
      case Event::head:
        peer.in_body = true;
        if (peer.refused)
          deny_one_too_many(peer);
        else if (authorizer_ != nullptr)
          authorize(peer);
        break;
      case Event::body: on_body(peer, step.body); break;
      case Event::end:
        --peer.share;
        on_request(peer);
        break;
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
  wire::append_response_head(out(peer), 100, {}, 0, {});
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
  peer.keep_alive = head.keep_alive && !draining() && !peer.refused;
  peer.head_only = head.method == "HEAD";
  peer.http_1_0 = head.version_minor == 0;
  peer.format = AnswerFormat::json;
  const RequestFacts& facts = facts_.of(peer.parser, [this](const wire::HttpHead& request) {
    return facts_of(request, config_.answer_mode);
  });
  if (!facts.headers.host && !peer.http_1_0) {
    refuse(peer, {mcp::kBadRequest, 400, "the Host header is missing"});
  } else if (const auto& refusal = facts.bad_source[peer.loopback ? 1 : 0]) {
    refuse(peer, *refusal);
  } else if (peer.denied) {
    refuse(peer, {code_of(peer.denied->status), peer.denied->status, peer.denied->text},
           peer.denied->header_line);
  } else {
    route(peer, facts);
  }
  peer.whole = {};
  peer.body.clear();
  check_output(peer);
  if (!peer.keep_alive && peer.later == 0) begin_close(peer);
}

// What is there for everybody is there still, to see why.
void HttpTransport::deny_one_too_many(HttpPeer& peer) {
  if (is_page(path_of(peer.parser.head().target))) return;
  peer.denied = AuthRefusal{503, kTooManyConnections, {}};
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

void HttpTransport::route(HttpPeer& peer, const RequestFacts& facts) {
  if (facts.path == "/mcp") return on_mcp(peer, facts);
  if (facts.path == "/sse") return on_sse_get(peer, facts.headers);
  if (facts.path == "/message") return on_sse_post(peer, facts.headers);
  serve_page(peer, facts.path);
}

void HttpTransport::serve_page(HttpPeer& peer, std::string_view path) {
  const std::string_view method = peer.parser.head().method;
  const bool metadata = authorizer_ != nullptr && authorizer_->is_metadata_path(path);
  if (!metadata && !is_page(path)) return write_plain(peer, 404, kPlainText, "not found\n");
  if (method != "GET" && method != "HEAD")
    return write_plain(peer, 405, kPlainText, "use GET\n", "Allow: GET, HEAD\r\n");
  if (metadata) return write_plain(peer, 200, kJson, authorizer_->metadata(peer.parser.head()));
  if (path == "/metrics") {
    spend(peer, limits_.turn_messages_max);  // it costs as much as many messages do
    return write_plain(peer, 200, kMetricsText, metrics_text_());
  }
  if (path == "/ready" && draining())
    return write_plain(peer, 503, kJson, R"({"status":"stopping"})");
  write_plain(peer, 200, kJson, R"({"status":"ok"})");
}

void HttpTransport::on_mcp(HttpPeer& peer, const RequestFacts& facts) {
  if (facts.has_post) return on_post(peer, facts);
  const std::string_view method = peer.parser.head().method;
  if (wire::asks_for_web_socket(peer.parser.head())) return on_upgrade(peer);
  if (method == "GET") return on_get(peer, facts.headers);
  if (method == "DELETE") return on_delete(peer, facts.headers);
  refuse(peer, {mcp::kBadRequest, 405, "use POST"}, "Allow: GET, POST, DELETE\r\n");
}

std::span<const char> HttpTransport::body_of(HttpPeer& peer) {
  if (peer.body.empty()) return peer.whole;
  const std::size_t size = peer.body.size();
  peer.body.append(wire::kReadPadding, '\0');
  return {peer.body.data(), size};
}

void HttpTransport::on_post(HttpPeer& peer, const RequestFacts& facts) {
  const RequestHeaders& headers = facts.headers;
  const auto& format = facts.media_format;
  if (!format) return refuse(peer, format.error());
  if (!peer.http_1_0) peer.format = *format;  // HTTP/1.0 has no chunks to send events in
  Caller caller = caller_of(peer);
  caller.headers = &headers.mcp;
  caller.session_id = headers.session_id;
  headers_ = &headers;
  const std::span<const char> body = body_of(peer);
  if (is_batch(body) && takes_batches(headers.session_id)) {
    on_batch(peer, caller, body);
  } else if (const Answer given = handle(peer, body, caller); !given.later) {
    answer(peer, given);
  }
  headers_ = nullptr;
}

void HttpTransport::on_batch(HttpPeer& peer, const Caller& caller, std::span<const char> body) {
  const auto batch = split_batch(body, limits_.batch_max);
  if (!batch) return answer(peer, service_.refuse(batch.error()));
  spend(peer, batch->size());
  const auto exchange = make_exchange(peer);
  exchange->batch.emplace();
  exchange->more = true;
  for (const std::string& message : *batch) {
    const Answer given = handle(peer, message_of(message), caller);
    if (!given.later) finish(*exchange, 0, given);
  }
  exchange->more = false;
  if (exchange->complete()) conclude(*exchange, {});
}

bool HttpTransport::takes_batches(std::optional<std::string_view> session_id) {
  const auto key = session_id ? parse_session_id(*session_id) : std::nullopt;
  const auto session = key ? service_.shared().registry.find(*key, now_ns()) : std::nullopt;
  if (!session) return key && !service_.shared().registry.reachable(*key);  // each is told so
  return session->revision == mcp::Revision::v2025_03_26;
}

// RFC 6455 section 4.2.
void HttpTransport::on_upgrade(HttpPeer& peer) {
  const wire::HttpHead& head = peer.parser.head();
  const auto key = wire::check_web_socket_request(head);
  if (!key && key.error() == wire::HandshakeError::unsupported_version)
    return refuse(peer, {mcp::kBadRequest, 426, "WebSocket version 13 is served here"},
                  "Sec-WebSocket-Version: 13\r\n");
  if (!key || web_sockets_ == nullptr || draining() || !wire::offers_protocol(head, kSubprotocol))
    return refuse(peer, {mcp::kBadRequest, 400, "not a WebSocket with subprotocol mcp"});
  wire::append_web_socket_answer(out(peer), *key, kSubprotocol, date_line_);
  peer.handed_over = true;
}

void HttpTransport::pass_on(Peer& peer, std::span<char> rest) {
  const net::StreamId stream = peer.stream;
  const std::uint64_t tag = web_sockets_->adopt(stream, peer.loopback, peer.principal);
  give_up(peer);
  if (!rest.empty()) web_sockets_->on_data(stream, tag, rest);
}

void HttpTransport::on_delete(HttpPeer& peer, const RequestHeaders& headers) {
  if (!headers.session_id)
    return refuse(peer, {mcp::kBadRequest, 400, "the Mcp-Session-Id header is missing"});
  if (!service_.close_session(*headers.session_id))
    return refuse(peer, service_.no_session(parse_session_id(*headers.session_id)));
  write_plain(peer, 200, {}, {});
}

}  // namespace gauntlet::server
