#include "server/transport.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <utility>

#include "core/check.h"

namespace gauntlet::server {
namespace {

// What a closing peer may still say for nothing: the Close frame of a WebSocket, a TLS alert.
constexpr std::size_t kGoodbyeBytesMax = 256;

bool has_unread_bytes(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

// Answers to what it has sent already.
bool is_owed_answers(const Peer& peer) { return peer.later > 0 || !peer.held.empty(); }

}  // namespace

Peer& Transport::place(bool loopback) {
  if (free_tags_.empty()) {
    free_tags_.push_back(peers_.size());
    peers_.emplace_back();
  }
  const std::uint64_t tag = free_tags_.back();
  free_tags_.pop_back();
  peers_[tag] = make_peer();
  peers_[tag]->tag = tag;
  peers_[tag]->loopback = loopback;
  peers_[tag]->active_ns = loop_.now();
  ++peer_count_;
  return *peers_[tag];
}

void Transport::add(core::Fd socket, bool loopback, const net::TlsContext* tls) {
  Peer& peer = place(loopback);
  peer.stream = loop_.adopt(std::move(socket), *this, peer.tag, tls);
}

void Transport::turn_away(core::Fd socket, bool loopback, const net::TlsContext* tls) {
  Peer& peer = place(loopback);
  peer.refused = true;
  ++refused_count_;
  peer.stream = loop_.adopt(std::move(socket), *this, peer.tag, tls);
  on_turned_away(peer);
}

Peer& Transport::take_over(net::StreamId stream, bool loopback, std::uint64_t principal) {
  Peer& peer = place(loopback);
  peer.principal = principal;
  peer.stream = stream;
  loop_.hand_over(stream, *this, peer.tag);
  return peer;
}

Peer* Transport::find(net::StreamId stream, std::uint64_t tag) const {
  if (tag >= peers_.size() || peers_[tag] == nullptr) return nullptr;
  return peers_[tag]->stream == stream ? peers_[tag].get() : nullptr;
}

void Transport::forget(std::uint64_t tag) {
  const std::unique_ptr<Peer> peer = std::move(peers_[tag]);
  free_tags_.push_back(tag);
  --peer_count_;
  if (peer->refused) --refused_count_;
  on_gone(*peer);
}

void Transport::give_up(Peer& peer) {
  free_tags_.push_back(peer.tag);
  --peer_count_;
  peers_[peer.tag].reset();
}

void Transport::cut_off(Peer& peer) {
  loop_.close(peer.stream, net::CloseMode::orderly);
  forget(peer.tag);
}

void Transport::on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason, int) {
  GAUNTLET_CHECK(find(stream, tag) != nullptr);
  forget(tag);
}

bool Transport::on_half_closed(net::StreamId stream, std::uint64_t tag) {
  Peer* const peer = find(stream, tag);
  GAUNTLET_CHECK(peer != nullptr);
  if (peer->closing) return peer->half_closed = !peer->fin_sent;
  if (!is_owed_answers(*peer) && loop_.unsent_bytes(stream) == 0) return false;
  peer->half_closed = true;
  peer->half_closed_ns = now_ns_ = loop_.now();
  peer->partial_since_ns = 0;
  if (!is_owed_answers(*peer)) begin_close(*peer);
  if (peer->later > 0) probe(*peer);
  return true;
}

void Transport::on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) {
  Peer* const peer = find(stream, tag);
  GAUNTLET_CHECK(peer != nullptr);
  if (!peer->closing) return serve(*peer, bytes);
  if (bytes.size() <= kGoodbyeBytesMax) return;  // only its FIN is awaited
  peer->drains = true;
  loop_.pause_reading(stream, true);
}

void Transport::serve(Peer& peer, std::span<char> bytes) {
  now_ns_ = peer.active_ns = loop_.now();
  if (peer.turn != turn_) {
    peer.turn = turn_;
    peer.share = limits_.turn_messages_max;
  }
  const std::span<char> rest = consume(peer, bytes);
  if (peer.closing) return;
  if (peer.handed_over) return pass_on(peer, rest);
  if (!peer.partial) peer.partial_since_ns = 0;
  if (peer.partial && peer.partial_since_ns == 0) peer.partial_since_ns = now_ns_;
  if (rest.empty()) return;
  if (peer.share == 0) queue(peer);
  hold(peer, rest);
}

void Transport::hold(Peer& peer, std::span<const char> bytes) {
  if (peer.held.size() + bytes.size() > limits_.held_bytes_max) return cut_off(peer);
  peer.held.append(bytes.data(), bytes.size());
  loop_.pause_reading(peer.stream, true);
}

void Transport::serve_held(Peer& peer) {
  if (held_up(peer)) return;
  const net::StreamId stream = peer.stream;
  const std::uint64_t tag = peer.tag;
  if (!peer.held.empty()) {
    std::string bytes = std::move(peer.held);
    peer.held.clear();
    const std::size_t size = bytes.size();
    bytes.append(net::kReadPadding, '\0');
    serve(peer, {bytes.data(), size});
  }
  const Peer* const after = find(stream, tag);
  if (after == nullptr || (after->held.empty() && !held_up(*after)))
    loop_.pause_reading(stream, false);
}

Caller Transport::caller_of(Peer& peer) {
  return {.path = {this, peer.stream, peer.tag},
          .now_ns = now_ns_,
          .principal = peer.principal,
          .allowance = &peer.allowance};
}

bool Transport::takes_more(Peer& peer) {
  if (peer.closing || peer.stalled) return false;
  if (loop_.unsent_bytes(peer.stream) <= limits_.backlog_bytes_max) return true;
  peer.closing = true;
  overflown_.push_back({peer.stream, peer.tag, loop_.now()});
  return false;
}

void Transport::go_on(Peer& peer) {
  peer.active_ns = loop_.now();
  check_output(peer);
  if (!peer.held.empty() || peer.half_closed) queue(peer);
}

void Transport::queue(Peer& peer) {
  if (std::exchange(peer.queued, true)) return;
  woken_.push_back({peer.stream, peer.tag, loop_.now()});
}

// Not at once: the answer may have come while another peer's message is being handled, and one that
// has had its share of this turn has to wait for the next one.
void Transport::wake(const Waiting& entry, core::Nanos now_ns) {
  Peer* const peer = find(entry.stream, entry.tag);
  if (peer == nullptr || peer->closing) return;
  peer->queued = false;
  if (is_held_back(*peer, now_ns)) return queue(*peer);
  next_turn_ns_ = 0;
  if (peer->turn == turn_ && peer->share == 0) return queue(*peer);
  serve_held(*peer);
  Peer* const after = find(entry.stream, entry.tag);
  if (after != nullptr && after->half_closed && !is_owed_answers(*after)) begin_close(*after);
}

bool Transport::is_held_back(Peer& peer, core::Nanos now_ns) {
  if (peer.held_back_ns == 0) return false;
  const core::Nanos due_ns = peer.held_back_ns + limits_.hold_back_ns;
  if (now_ns >= due_ns) {
    peer.held_back_ns = 0;
    return false;
  }
  next_turn_ns_ = std::min(next_turn_ns_, due_ns);
  return true;
}

Answer Transport::handle(Peer& peer, std::span<const char> json, const Caller& caller) {
  const Answer given = service_.handle(json, caller);
  if (given.retry_after_seconds > 0) peer.held_back_ns = now_ns_;
  return given;
}

bool Transport::swallows(Peer& peer, const Answer& answer) {
  if (answer.delivery.stall) peer.stalled = true;
  if (!peer.stalled) return false;
  if (!answer.body.empty()) service_.bad().count_swallowed();
  return true;
}

void Transport::check_output(Peer& peer) {
  if (peer.throttled || loop_.unsent_bytes(peer.stream) <= limits_.output_bytes_max) return;
  peer.throttled = true;
  throttled_.push_back({peer.stream, peer.tag, loop_.now()});
  loop_.pause_reading(peer.stream, true);
}

void Transport::begin_close(Peer& peer) {
  if (peer.closing) return;
  peer.closing = true;
  peer.held.clear();
  closing_.push_back({peer.stream, peer.tag, loop_.now()});
  loop_.pause_reading(peer.stream, false);  // to see the peer's own end
}

core::Nanos Transport::after_turn(core::Nanos now_ns) {
  next_turn_ns_ = Timers::kNever;
  std::vector<Waiting> list;
  list.swap(woken_);
  for (const Waiting& entry : list) wake(entry, now_ns);
  list.clear();
  list.swap(overflown_);
  for (const Waiting& entry : list)
    if (Peer* const peer = find(entry.stream, entry.tag)) cut_off(*peer);
  list.clear();
  list.swap(throttled_);
  for (const Waiting& entry : list) release(entry, now_ns);
  list.clear();
  list.swap(closing_);
  for (const Waiting& entry : list) finish(entry, now_ns);
  if (draining_) close_idle();
  ++turn_;
  return next_turn_ns_;
}

void Transport::release(Waiting entry, core::Nanos now_ns) {
  Peer* const peer = find(entry.stream, entry.tag);
  if (peer == nullptr || peer->closing) return;
  loop_.flush(entry.stream);
  if (loop_.unsent_bytes(entry.stream) <= limits_.output_bytes_max / 2) {
    peer->throttled = false;
    wake(entry, now_ns);
  } else if (now_ns - entry.since_ns > limits_.output_ns) {
    cut_off(*peer);
  } else {
    throttled_.push_back(entry);
  }
}

void Transport::finish(Waiting entry, core::Nanos now_ns) {
  Peer* const peer = find(entry.stream, entry.tag);
  if (peer == nullptr) return;
  const core::Nanos limit_ns = peer->fin_sent ? limits_.linger_ns : limits_.output_ns;
  if (now_ns - entry.since_ns > limit_ns) return cut_off(*peer);
  if (!peer->fin_sent) {
    loop_.flush(entry.stream);
    if (loop_.unsent_bytes(entry.stream) == 0) {
      loop_.end_output(entry.stream);
      peer->fin_sent = true;
      entry.since_ns = now_ns;
    }
  }
  if (peer->fin_sent && (draining_ || peer->half_closed)) return cut_off(*peer);
  if (peer->drains) drain(*peer, now_ns);
  closing_.push_back(entry);
}

// What comes before a closing peer's FIN is read, since a reset would take the answer with it (RFC
// 9112, 9.6), but no more of it than costs the others little; the first one to close comes first.
void Transport::drain(Peer& peer, core::Nanos now_ns) {
  const RateLimit limit{limits_.drains_per_second, limits_.drains_at_once};
  const core::Nanos wait_ns = take(drained_, limit, now_ns);
  if (wait_ns > 0) {
    next_turn_ns_ = std::min(next_turn_ns_, now_ns + wait_ns);
    return;
  }
  peer.drains = false;
  loop_.pause_reading(peer.stream, false);
}

void Transport::sweep(core::Nanos now_ns) {
  const auto is_over = [now_ns](core::Nanos since_ns, core::Nanos limit_ns) {
    return since_ns != 0 && now_ns - since_ns > limit_ns;
  };
  for (const auto& peer : peers_)
    if (peer != nullptr && (is_over(peer->partial_since_ns, limits_.message_ns) ||
                            (peer->refused && is_over(peer->active_ns, limits_.linger_ns)) ||
                            is_over(peer->half_closed_ns, limits_.half_closed_ns)))
      cut_off(*peer);
}

bool Transport::is_idle(const Peer& peer) const {
  return !peer.closing && !peer.partial && peer.later == 0 && peer.held.empty() &&
         loop_.unsent_bytes(peer.stream) == 0 && !has_unread_bytes(loop_.native_fd(peer.stream));
}

void Transport::close_idle() {
  for (const auto& peer : peers_) {
    if (peer == nullptr) continue;
    loop_.flush(peer->stream);
    if (!is_idle(*peer)) continue;
    say_goodbye(*peer);
    cut_off(*peer);
  }
}

void Transport::close_all() {
  for (const auto& peer : peers_)
    if (peer != nullptr) cut_off(*peer);
}

}  // namespace gauntlet::server
