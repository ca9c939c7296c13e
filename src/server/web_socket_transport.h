// WebSocketTransport: MCP over WebSocket (subprotocol `mcp`): one JSON message a text frame, both
// ways as they come. The connection is the stateful era's session, as on a stream of lines.
// Connections come from HttpTransport, which has read the request to upgrade and answered it.
#pragma once

#include "server/conversation.h"

namespace gauntlet::server {

class WebSocketTransport final : public ConversationTransport {
 public:
  WebSocketTransport(net::Loop& loop, Service& service, const Limits& limits)
      : ConversationTransport(loop, service, limits) {}

  // Takes over a connection that has been upgraded; returns its tag here.
  std::uint64_t adopt(net::StreamId stream, bool loopback, std::uint64_t principal) {
    return take_over(stream, loopback, principal).tag;
  }

  void sweep(core::Nanos now_ns) override;

 private:
  std::unique_ptr<Peer> make_peer() const override;
  std::span<char> consume(Peer& peer, std::span<char> bytes) override;
  void append(Conversation& peer, std::string_view json) override;
  void append_half(Conversation& peer, std::string_view json) override;
  void say_goodbye(Peer& peer) override;
  void probe(Peer& peer) override;

  void close(Conversation& peer, std::uint16_t code, std::string_view reason = {});
};

}  // namespace gauntlet::server
