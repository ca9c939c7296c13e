#include "server/line_transport.h"

#include "wire/lines.h"

namespace gauntlet::server {
namespace {

struct LinePeer final : Conversation {
  explicit LinePeer(const Limits& limits)
      : Conversation(limits), framer(limits.message_bytes_max) {}

  wire::LineFramer framer;
};

}  // namespace

std::unique_ptr<Peer> LineTransport::make_peer() const {
  return std::make_unique<LinePeer>(limits_);
}

std::span<char> LineTransport::consume(Peer& base, std::span<char> bytes) {
  auto& peer = static_cast<LinePeer&>(base);
  using Next = wire::LineFramer::Next;
  std::span<char> line;
  while (peer.share > 0 && !held_up(peer)) {
    const Next next = peer.framer.next(bytes, line);
    if (next == Next::need_more) break;
    if (next == Next::too_large) {
      append(peer, service_.refuse({mcp::kInvalidRequest, 413, "message too large"}).body);
      begin_close(peer);
      return {};
    }
    peer.partial_since_ns = 0;
    --peer.share;
    on_message(peer, line);
  }
  peer.partial = peer.framer.partial();
  return bytes;
}

void LineTransport::append(Conversation& peer, std::string_view json) {
  (out(peer) += json) += '\n';
}

void LineTransport::append_half(Conversation& peer, std::string_view json) {
  out(peer) += json.substr(0, json.size() / 2);
}

}  // namespace gauntlet::server
