#include <string>

#include "server/http_transport.h"
#include "wire/http_write.h"

namespace gauntlet::server {
namespace {

constexpr std::string_view kSessionQuery = "sessionId=";

mcp::Refusal bad_request(int status, std::string_view text) {
  return {mcp::kBadRequest, status, text};
}

// The sessionId of "/message?sessionId=…".
std::string_view session_of_target(std::string_view target) {
  const std::size_t query = target.find('?');
  const std::size_t at = target.find(kSessionQuery, query == std::string_view::npos ? 0 : query);
  if (query == std::string_view::npos || at == std::string_view::npos) return {};
  const std::string_view rest = target.substr(at + kSessionQuery.size());
  return rest.substr(0, rest.find('&'));
}

}  // namespace

void HttpTransport::on_get(HttpPeer& peer, const RequestHeaders& headers) {
  const auto version = headers.mcp.protocol_version
                           ? mcp::parse_revision(*headers.mcp.protocol_version)
                           : mcp::kLatestStateful;
  if (!version) return refuse(peer, bad_request(400, "unsupported MCP-Protocol-Version"));
  if (mcp::era_of(*version) == mcp::Era::stateless)
    return refuse(peer, bad_request(405, "use POST"), "Allow: POST\r\n");
  if (!accepts_events(headers, AnswerMode::automatic))
    return refuse(peer, bad_request(406, "Accept must allow text/event-stream"));
  if (peer.http_1_0) return refuse(peer, bad_request(400, "event streams need HTTP/1.1"));
  if (!headers.session_id)
    return refuse(peer, bad_request(400, "the Mcp-Session-Id header is missing"));
  const auto key = parse_session_id(*headers.session_id);
  const auto session = key ? service_.shared().registry.find(*key, loop_.now()) : std::nullopt;
  if (!session) return refuse(peer, service_.no_session(key));
  if (streams_.is_full(*key)) return refuse(peer, bad_request(429, "too many event streams"));
  if (headers.last_event_id) return resume_stream(peer, *key, *headers.last_event_id);
  open_stream(peer, *key, session->revision);
}

void HttpTransport::open_stream(HttpPeer& peer, const SessionKey& session, mcp::Revision revision) {
  const StreamKey key{session, 0};
  if (streams_.is_attached(key))
    return refuse(peer, bad_request(409, "this session has its stream already"));
  begin_events(peer, {});
  streams_.begin(key, peer, revision == mcp::Revision::v2025_11_25, loop_.now());
}

void HttpTransport::resume_stream(HttpPeer& peer, const SessionKey& session,
                                  std::string_view last_event_id) {
  const auto id = parse_event_id(last_event_id);
  if (!id) return refuse(peer, bad_request(400, "not an event id"));
  const StreamKey key{session, id->stream};
  if (streams_.resume(key, id->number, peer, loop_.now())) return;
  if (key.number != 0) return refuse(peer, bad_request(400, "no such event"));
  begin_events(peer, {});
  write_comment(peer, "some events are gone");
  streams_.begin(key, peer, false, loop_.now());
}

void HttpTransport::on_sse_get(HttpPeer& peer, const RequestHeaders& headers) {
  if (peer.parser.head().method != "GET")
    return refuse(peer, bad_request(405, "use GET"), "Allow: GET\r\n");
  if (!accepts_events(headers, AnswerMode::automatic))
    return refuse(peer, bad_request(406, "Accept must allow text/event-stream"));
  if (peer.http_1_0) return refuse(peer, bad_request(400, "event streams need HTTP/1.1"));
  Session session;
  session.revision = mcp::Revision::v2024_11_05;
  session.principal = peer.principal;
  const auto key = service_.shared().registry.open(session, loop_.now());
  if (!key) return refuse(peer, bad_request(503, "too many sessions"));
  begin_events(peer, {});
  peer.http_sse = true;
  const SessionId id = text_of(*key);
  write_chunk(peer, "event: endpoint\ndata: /message?sessionId=" +
                        std::string(id.data(), id.size()) + "\n\n");
  streams_.begin({*key, 0}, peer, false, loop_.now());
}

void HttpTransport::on_sse_post(HttpPeer& peer, const RequestHeaders& headers) {
  if (peer.parser.head().method != "POST")
    return refuse(peer, bad_request(405, "use POST"), "Allow: POST\r\n");
  if (const auto wrong = check_content_type(headers)) return refuse(peer, *wrong);
  const std::string_view id = session_of_target(peer.parser.head().target);
  const auto key = parse_session_id(id);
  const auto session = key ? service_.shared().registry.find(*key, loop_.now()) : std::nullopt;
  if (!session || session->principal != peer.principal)
    return refuse(peer, service_.no_session(key));
  Caller caller = caller_of(peer);
  caller.headers = &headers.mcp;
  caller.session_id = id;
  sse_session_ = key;
  const Answer given = handle(peer, body_of(peer), caller);
  sse_session_.reset();
  if (given.http_status != 200) return answer(peer, given);
  if (!given.later) answer_on_stream(*key, given);
  write_plain(peer, 202, {}, {});
}

void HttpTransport::on_letter(const Letter& letter) { streams_.on_letter(letter, loop_.now()); }

void HttpTransport::drain() {
  Transport::drain();
  each_peer([&](Peer& base) {
    auto& peer = static_cast<HttpPeer&>(base);
    if (!peer.events || peer.exchange != nullptr) return;
    if (peer.stream_key) streams_.detach(*peer.stream_key, peer, loop_.now());
    end_events(peer);
  });
}

// A write also finds out whether the peer is there at all.
void HttpTransport::keep_alive(HttpPeer& peer, core::Nanos now_ns) {
  if (peer.stream_key) {
    const StreamKey key = *peer.stream_key;
    if (!streams_.touch(key.session, now_ns)) return streams_.end_all(key.session);
    streams_.catch_up(key);
  }
  if (peer.events) write_comment(peer, "keep-alive");
}

void HttpTransport::probe(Peer& base) {
  auto& peer = static_cast<HttpPeer&>(base);
  if (peer.events) {
    write_comment(peer, "keep-alive");
  } else if (!peer.http_1_0) {
    wire::append_response_head(out(peer), 100, {}, 0, {});
  }
}

void HttpTransport::on_gone(Peer& base) {
  auto& peer = static_cast<HttpPeer&>(base);
  const std::shared_ptr<Exchange> exchange = std::move(peer.exchange);
  if (peer.stream_key) {
    streams_.detach(*peer.stream_key, peer, loop_.now());
    const SessionId id = text_of(peer.stream_key->session);
    if (peer.http_sse) service_.close_session({id.data(), id.size()});
  }
  if (exchange == nullptr || exchange->session) return;
  for (const CallId call : std::exchange(exchange->calls, {})) service_.abandon(call);
}

}  // namespace gauntlet::server
