// HttpTransport: MCP over HTTP: Streamable HTTP on /mcp for both eras, the older HTTP+SSE on /sse
// and /message, and /health, /ready, /metrics.
//
// Requests may be pipelined; answers come in order. A POST is answered with application/json where
// its answer comes first, and else with an event stream (SSE), as is a GET. A connection that is
// lost abandons a call of the stateless era; in a session the call goes on, and what it says is
// kept for a client that resumes the stream (event_streams.h).
// Belongs to the loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/auth.h"
#include "server/event_streams.h"
#include "server/http_peer.h"
#include "server/http_request.h"
#include "server/transport.h"
#include "server/web_socket_transport.h"
#include "wire/http_memo.h"

namespace gauntlet::server {

class HttpTransport final : public Transport {
 public:
  HttpTransport(net::Loop& loop, Service& service, const Config& config,
                std::function<std::string()> metrics_text);

  std::unique_ptr<Outlet> open_outlet(const ReturnPath& path,
                                      const OutletRequest& request) override;
  // Requests to upgrade go there; until then they are refused.
  void upgrade_to(WebSocketTransport& web_sockets) { web_sockets_ = &web_sockets; }

  void on_letter(const Letter& letter) override;
  void sweep(core::Nanos now_ns) override;
  void drain() override;

  // For EventStreams: the connections that its streams are attached to.
  HttpPeer* peer_at(const ReturnPath& path) const { return static_cast<HttpPeer*>(find(path)); }
  ReturnPath way_to(const HttpPeer& peer) { return {this, peer.stream, peer.tag}; }
  void begin_events(HttpPeer& peer, std::string_view extra_headers);
  void write_priming(HttpPeer& peer, EventId id);
  void write_event(HttpPeer& peer, std::optional<EventId> id, std::string_view json);
  void write_comment(HttpPeer& peer, std::string_view text);
  void end_events(HttpPeer& peer);

 private:
  class PostOutlet;
  class StreamOutlet;

  std::unique_ptr<Peer> make_peer() const override;
  std::span<char> consume(Peer& peer, std::span<char> bytes) override;
  bool held_up(const Peer& peer) const override {
    return peer.later > 0 || peer.handed_over || Transport::held_up(peer);
  }
  void on_gone(Peer& peer) override;
  void probe(Peer& peer) override;
  void pass_on(Peer& peer, std::span<char> rest) override;

  // Requests (http_transport.cc)
  void on_body(HttpPeer& peer, std::span<char> piece);
  void on_incomplete(HttpPeer& peer);
  void on_error(HttpPeer& peer);
  void on_request(HttpPeer& peer);
  void deny_one_too_many(HttpPeer& peer);
  void authorize(HttpPeer& peer);
  bool is_foreign_session(const HttpPeer& peer) const;
  void route(HttpPeer& peer, const RequestFacts& facts);
  void serve_page(HttpPeer& peer, std::string_view path);
  void on_mcp(HttpPeer& peer, const RequestFacts& facts);
  void on_post(HttpPeer& peer, const RequestFacts& facts);
  void on_batch(HttpPeer& peer, const Caller& caller, std::span<const char> body);
  void on_delete(HttpPeer& peer, const RequestHeaders& headers);
  void on_upgrade(HttpPeer& peer);
  bool takes_batches(std::optional<std::string_view> session_id);
  std::span<const char> body_of(HttpPeer& peer);

  // Event streams of a session (http_streams.cc)
  void on_get(HttpPeer& peer, const RequestHeaders& headers);
  void open_stream(HttpPeer& peer, const SessionKey& session, mcp::Revision revision);
  void resume_stream(HttpPeer& peer, const SessionKey& session, std::string_view last_event_id);
  void on_sse_get(HttpPeer& peer, const RequestHeaders& headers);
  void on_sse_post(HttpPeer& peer, const RequestHeaders& headers);
  void keep_alive(HttpPeer& peer, core::Nanos now_ns);

  // Answers that do not come at once (http_exchange.cc)
  std::shared_ptr<Exchange> make_exchange(HttpPeer& peer);
  bool begin(Exchange& exchange);
  bool begin_in_session(Exchange& exchange, HttpPeer& peer);
  void send(Exchange& exchange, std::string_view json, bool final = false);
  void finish(Exchange& exchange, CallId call, const Answer& answer);
  void conclude(Exchange& exchange, const Answer& answer);
  void conclude_events(Exchange& exchange, const Answer& answer);
  bool disconnect(Exchange& exchange, core::Nanos retry);
  void answer_on_stream(const SessionKey& session, const Answer& answer);
  void answer_with_events(HttpPeer& peer, const Answer& answer, std::string extra_headers);
  // The peer that this exchange is being answered on; null: its connection is gone or done with it.
  HttpPeer* peer_of(const Exchange& exchange) const;
  std::optional<SessionKey> session_asked_for(const Answer& answer) const;

  // Answers (http_answer.cc)
  void answer(HttpPeer& peer, const Answer& answer);
  static bool wants_events(const HttpPeer& peer, const Answer& answer);
  void refuse(HttpPeer& peer, const mcp::Refusal& refusal, std::string_view extra = {});
  void write_half(HttpPeer& peer, std::string_view body);
  void write_good(HttpPeer& peer, std::string_view body);
  void write_chunk(HttpPeer& peer, std::string_view text);
  static std::string retry_line(core::Nanos retry_ns);
  void write_plain(HttpPeer& peer, int status, std::string_view type, std::string_view body,
                   std::string_view extra = {});
  std::string_view head_lines(const HttpPeer& peer, std::string_view extra);
  void refresh_date();

  const Config& config_;
  const Authorizer* authorizer_;  // null: everybody may
  std::function<std::string()> metrics_text_;
  EventStreams streams_;
  WebSocketTransport* web_sockets_ = nullptr;
  mutable wire::HttpHeadMemo heads_;  // of requests; each new peer's parser shares it
  wire::HttpHeadFacts<RequestFacts> facts_;
  const RequestHeaders* headers_ = nullptr;  // of the POST being handled
  std::optional<SessionKey> sse_session_;    // … of HTTP+SSE
  std::string date_line_;                    // "Date: …\r\n", made anew each second
  std::string good_head_;                    // of most answers, up to the length
  std::string head_lines_;                   // of the answer being written
  std::string event_;                        // likewise
};

}  // namespace gauntlet::server
