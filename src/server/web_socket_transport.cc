#include "server/web_socket_transport.h"

#include "wire/web_socket.h"
#include "wire/web_socket_write.h"

namespace gauntlet::server {
namespace {

struct WebSocketPeer final : Conversation {
  explicit WebSocketPeer(const Limits& limits)
      : Conversation(limits),
        parser(wire::WebSocketParser::Role::server, limits.message_bytes_max) {}

  wire::WebSocketParser parser;
  core::Nanos heard_ns = 0;
  bool pinged = false;
};

}  // namespace

std::unique_ptr<Peer> WebSocketTransport::make_peer() const {
  auto peer = std::make_unique<WebSocketPeer>(limits_);
  peer->heard_ns = loop_.now();
  return peer;
}

std::span<char> WebSocketTransport::consume(Peer& base, std::span<char> bytes) {
  using Event = wire::WebSocketParser::Event;
  auto& peer = static_cast<WebSocketPeer&>(base);
  peer.heard_ns = now_ns();
  peer.pinged = false;
  std::span<char> payload;
  while (peer.share > 0 && !held_up(peer)) {
    const Event event = peer.parser.next(bytes, payload);
    if (event == Event::need_more) break;
    --peer.share;
    switch (event) {
      case Event::text:
        peer.partial_since_ns = 0;
        on_message(peer, payload);
        break;
      case Event::ping:
        wire::append_web_socket_frame(out(peer), wire::WebSocketOpcode::pong,
                                      {payload.data(), payload.size()});
        check_output(peer);
        break;
      case Event::pong: break;
      case Event::close: close(peer, peer.parser.close_code()); return {};
      case Event::binary: close(peer, wire::kCloseUnsupported, "text only"); return {};
      case Event::error:
        close(peer, wire::close_code_of(peer.parser.error()), wire::to_string(peer.parser.error()));
        return {};
      case Event::need_more: break;
    }
  }
  peer.partial = peer.parser.partial();
  return bytes;
}

void WebSocketTransport::close(Conversation& peer, std::uint16_t code, std::string_view reason) {
  wire::append_web_socket_close(out(peer), code, reason);
  begin_close(peer);
}

void WebSocketTransport::append(Conversation& peer, std::string_view json) {
  wire::append_web_socket_frame(out(peer), wire::WebSocketOpcode::text, json);
}

// Half of a frame that says it is whole.
void WebSocketTransport::append_half(Conversation& peer, std::string_view json) {
  std::string frame;
  wire::append_web_socket_frame(frame, wire::WebSocketOpcode::text, json);
  out(peer) += std::string_view(frame).substr(0, frame.size() / 2);
}

void WebSocketTransport::say_goodbye(Peer& peer) {
  wire::append_web_socket_close(out(peer), wire::kCloseGoingAway);
}

void WebSocketTransport::probe(Peer& peer) {
  wire::append_web_socket_frame(out(peer), wire::WebSocketOpcode::ping, {});
}

// A peer that has said nothing for long is asked whether it is there; one that does not answer by
// the next time is not.
void WebSocketTransport::sweep(core::Nanos now_ns) {
  Transport::sweep(now_ns);
  each_peer([&](Peer& base) {
    auto& peer = static_cast<WebSocketPeer&>(base);
    if (peer.closing || now_ns - peer.heard_ns < limits_.keep_alive_ns) return;
    if (peer.pinged) return cut_off(peer);
    peer.pinged = true;
    peer.heard_ns = now_ns;
    wire::append_web_socket_frame(out(peer), wire::WebSocketOpcode::ping, {});
  });
}

}  // namespace gauntlet::server
