#include "server/line_transport.h"

#include "wire/lines.h"

namespace gauntlet::server {
namespace {

struct LinePeer final : Peer {
  explicit LinePeer(std::size_t line_bytes_max) : framer(line_bytes_max) {}

  wire::LineFramer framer;
  LocalSession session;
};

}  // namespace

std::unique_ptr<Peer> LineTransport::make_peer() const {
  return std::make_unique<LinePeer>(limits_.message_bytes_max);
}

std::span<char> LineTransport::consume(Peer& base, std::span<char> bytes) {
  auto& peer = static_cast<LinePeer&>(base);
  using Next = wire::LineFramer::Next;
  std::span<char> line;
  while (!held_up(peer)) {
    const Next next = peer.framer.next(bytes, line);
    if (next == Next::need_more) break;
    if (next == Next::too_large) {
      answer(peer, service_.refuse({mcp::kInvalidRequest, 413, "message too large"}));
      begin_close(peer);
      return {};
    }
    peer.partial_since_ns = 0;
    Caller caller = caller_of(peer);
    caller.connection = &peer.session;
    answer(peer, service_.handle(line, caller));
  }
  peer.partial = peer.framer.partial();
  return bytes;
}

void LineTransport::write(Peer& peer, const Answer& answer) {
  if (swallows(peer, answer) || answer.body.empty()) return;
  if (answer.delivery.half_then_close) {
    out() += answer.body.substr(0, answer.body.size() / 2);
    return begin_close(peer);
  }
  for (int i = 0; i < answer.delivery.copies; ++i) (out() += answer.body) += '\n';
}

}  // namespace gauntlet::server
