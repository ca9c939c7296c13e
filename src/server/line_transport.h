// LineTransport: MCP over streams of lines (the stdio framing over TCP or a Unix socket): one JSON
// message a line, many in flight, answers in the order in which they are ready. The connection is
// the stateful era's session.
#pragma once

#include "server/conversation.h"

namespace gauntlet::server {

class LineTransport final : public ConversationTransport {
 public:
  LineTransport(net::Loop& loop, Service& service, const Limits& limits)
      : ConversationTransport(loop, service, limits) {}

 private:
  std::unique_ptr<Peer> make_peer() const override;
  std::span<char> consume(Peer& peer, std::span<char> bytes) override;
  void append(Conversation& peer, std::string_view json) override;
  void append_half(Conversation& peer, std::string_view json) override;
};

}  // namespace gauntlet::server
