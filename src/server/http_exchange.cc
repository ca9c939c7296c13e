#include <utility>

#include "server/http_transport.h"

namespace gauntlet::server {

class HttpTransport::PostOutlet final : public Outlet {
 public:
  PostOutlet(HttpTransport& transport, std::shared_ptr<Exchange> exchange, CallId call)
      : transport_(transport), exchange_(std::move(exchange)), call_(call) {}
  ~PostOutlet() override {
    if (!finished_) transport_.finish(*exchange_, call_, {});
  }

  void send(std::string_view json) override {
    if (transport_.begin(*exchange_)) transport_.send(*exchange_, json);
  }
  void finish(const Answer& answer) override {
    finished_ = true;
    transport_.finish(*exchange_, call_, answer);
  }
  bool disconnect(core::Nanos retry) override { return transport_.disconnect(*exchange_, retry); }

 private:
  HttpTransport& transport_;
  std::shared_ptr<Exchange> exchange_;
  CallId call_;
  bool finished_ = false;
};

// HTTP+SSE: all of a session's messages go to its one stream.
class HttpTransport::StreamOutlet final : public Outlet {
 public:
  StreamOutlet(HttpTransport& transport, const SessionKey& session)
      : transport_(transport), session_(session) {}

  void send(std::string_view json) override {
    transport_.streams_.publish({session_, 0}, json, false);
  }
  void finish(const Answer& answer) override { transport_.answer_on_stream(session_, answer); }
  bool disconnect(core::Nanos) override { return false; }

 private:
  HttpTransport& transport_;
  SessionKey session_;
};

void HttpTransport::answer_on_stream(const SessionKey& session, const Answer& answer) {
  for (int i = 0; i < answer.delivery.copies && !answer.body.empty(); ++i)
    streams_.publish({session, 0}, answer.body, false);
}

std::unique_ptr<Outlet> HttpTransport::open_outlet(const ReturnPath& path,
                                                   const OutletRequest& request) {
  if (sse_session_) return std::make_unique<StreamOutlet>(*this, *sse_session_);
  HttpPeer& peer = *peer_at(path);
  const std::shared_ptr<Exchange> exchange =
      peer.exchange != nullptr ? peer.exchange : make_exchange(peer);
  exchange->session = request.session;
  exchange->revision = request.revision;
  exchange->calls.push_back(request.call);
  if (peer.format == AnswerFormat::sse) begin(*exchange);
  return std::make_unique<PostOutlet>(*this, exchange, request.call);
}

std::shared_ptr<Exchange> HttpTransport::make_exchange(HttpPeer& peer) {
  peer.exchange = std::make_shared<Exchange>();
  peer.exchange->path = way_to(peer);
  peer.exchange->may_stream =
      !peer.http_1_0 && headers_ != nullptr && accepts_events(*headers_, config_.answer_mode);
  peer.later = 1;
  return peer.exchange;
}

HttpPeer* HttpTransport::peer_of(const Exchange& exchange) const {
  HttpPeer* const peer = peer_at(exchange.path);
  return peer != nullptr && peer->exchange.get() == &exchange ? peer : nullptr;
}

// False: there is no event stream, and there can be none any more.
bool HttpTransport::begin(Exchange& exchange) {
  if (exchange.begun) return true;
  HttpPeer* const peer = peer_of(exchange);
  if (!exchange.may_stream || peer == nullptr || peer->closing || peer->stalled) return false;
  if (exchange.session) {
    exchange.may_stream = begin_in_session(exchange, *peer);
    if (!exchange.may_stream) return false;
  } else {
    begin_events(*peer, exchange.extra_headers);
  }
  exchange.begun = true;
  if (exchange.batch)
    for (const std::string& answer : exchange.batch->take_all()) send(exchange, answer);
  return true;
}

bool HttpTransport::begin_in_session(Exchange& exchange, HttpPeer& peer) {
  const auto number = streams_.reserve(*exchange.session, loop_.now());
  if (!number) return false;
  exchange.stream = *number;
  begin_events(peer, exchange.extra_headers);
  streams_.begin({*exchange.session, *number}, peer,
                 exchange.revision == mcp::Revision::v2025_11_25, loop_.now());
  return true;
}

void HttpTransport::send(Exchange& exchange, std::string_view json, bool final) {
  if (exchange.session) return streams_.publish({*exchange.session, exchange.stream}, json, final);
  HttpPeer* const peer = peer_of(exchange);
  if (peer == nullptr) return;
  if (!json.empty()) write_event(*peer, std::nullopt, json);
  if (final) end_events(*peer);
}

void HttpTransport::finish(Exchange& exchange, CallId call, const Answer& answer) {
  std::erase(exchange.calls, call);
  if (exchange.complete() && !exchange.batch) return conclude(exchange, answer);
  if (exchange.begun) {
    if (!answer.body.empty()) send(exchange, answer.body);
  } else {
    exchange.batch->add(answer);
  }
  if (exchange.complete()) conclude(exchange, {});
}

// Nothing more is to come.
void HttpTransport::conclude(Exchange& exchange, const Answer& given) {
  HttpPeer* const peer = peer_of(exchange);
  if (peer != nullptr && wants_events(*peer, given)) begin(exchange);
  if (exchange.begun) return conclude_events(exchange, given);
  if (peer == nullptr) return;
  peer->later = 0;
  peer->exchange.reset();
  if (peer->closing) return;
  if (exchange.batch && !exchange.batch->empty()) {
    const std::string array = exchange.batch->text();
    answer(*peer, {.body = array});
  } else {
    answer(*peer, given);
  }
  go_on(*peer);
}

void HttpTransport::conclude_events(Exchange& exchange, const Answer& answer) {
  HttpPeer* const peer = peer_of(exchange);
  if (peer != nullptr && swallows(*peer, answer)) return;
  if (peer != nullptr && answer.delivery.half_then_close) {
    write_event(*peer, std::nullopt, answer.body.substr(0, answer.body.size() / 2));
    return begin_close(*peer);
  }
  for (int i = 1; i < answer.delivery.copies; ++i) send(exchange, answer.body);
  send(exchange, answer.delivery.copies == 0 ? std::string_view() : answer.body, true);
}

bool HttpTransport::disconnect(Exchange& exchange, core::Nanos retry) {
  if (!exchange.session || exchange.revision != mcp::Revision::v2025_11_25) return false;
  if (!begin(exchange)) return false;
  HttpPeer* const peer = peer_of(exchange);
  if (peer == nullptr) return true;
  write_chunk(*peer, retry_line(retry) + "\n");
  streams_.detach(*peer->stream_key, *peer, loop_.now());
  peer->keep_alive = false;
  end_events(*peer);
  return true;
}

// One that was there at once, for a client that takes nothing but events.
void HttpTransport::answer_with_events(HttpPeer& peer, const Answer& answer,
                                       std::string extra_headers) {
  const std::shared_ptr<Exchange> exchange = make_exchange(peer);
  exchange->may_stream = true;
  exchange->extra_headers = std::move(extra_headers);
  exchange->session = session_asked_for(answer);
  if (exchange->session) {
    const auto session = service_.shared().registry.find(*exchange->session, loop_.now());
    if (session) exchange->revision = session->revision;
  }
  if (!begin(*exchange)) exchange->session.reset();
  if (begin(*exchange)) conclude_events(*exchange, answer);
}

std::optional<SessionKey> HttpTransport::session_asked_for(const Answer& answer) const {
  if (answer.session) return parse_session_id({answer.session->data(), answer.session->size()});
  if (headers_ == nullptr || !headers_->session_id) return std::nullopt;
  const auto version = mcp::parse_revision(headers_->mcp.protocol_version.value_or(""));
  if (version && mcp::era_of(*version) == mcp::Era::stateless) return std::nullopt;
  return parse_session_id(*headers_->session_id);
}

}  // namespace gauntlet::server
