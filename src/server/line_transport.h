// LineTransport: MCP over streams of lines (the stdio framing over TCP or a Unix socket): one JSON
// message a line, many in flight, answers in the order in which they are ready. The connection is
// the stateful era's session.
#pragma once

#include "server/transport.h"

namespace gauntlet::server {

class LineTransport final : public Transport {
 public:
  LineTransport(net::Loop& loop, Service& service, const Limits& limits)
      : Transport(loop, service, limits) {}

 private:
  std::unique_ptr<Peer> make_peer() const override;
  std::span<char> consume(Peer& peer, std::span<char> bytes) override;
  void write(Peer& peer, const Answer& answer) override;
  void write_message(Peer&, std::string_view json) override { (out() += json) += '\n'; }
};

}  // namespace gauntlet::server
