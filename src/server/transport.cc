#include "server/transport.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/check.h"

namespace gauntlet::server {
namespace {

bool has_unread_bytes(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

}  // namespace

void Transport::add(core::Fd socket, bool loopback, const net::TlsContext* tls) {
  if (free_tags_.empty()) {
    free_tags_.push_back(peers_.size());
    peers_.emplace_back();
  }
  const std::uint64_t tag = free_tags_.back();
  free_tags_.pop_back();
  peers_[tag] = make_peer();
  Peer& peer = *peers_[tag];
  peer.tag = tag;
  peer.loopback = loopback;
  peer.stream = loop_.adopt(std::move(socket), *this, tag, tls);
  ++peer_count_;
}

Peer* Transport::find(net::StreamId stream, std::uint64_t tag) {
  if (tag >= peers_.size() || peers_[tag] == nullptr) return nullptr;
  return peers_[tag]->stream == stream ? peers_[tag].get() : nullptr;
}

void Transport::forget(std::uint64_t tag) {
  const std::unique_ptr<Peer> gone = std::move(peers_[tag]);
  for (const CallId call : gone->calls) service_.abandon(call);
  free_tags_.push_back(tag);
  --peer_count_;
}

void Transport::cut_off(Peer& peer) {
  loop_.close(peer.stream, net::CloseMode::orderly);
  forget(peer.tag);
}

void Transport::on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason, int) {
  GAUNTLET_CHECK(find(stream, tag) != nullptr);
  forget(tag);
}

void Transport::on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) {
  Peer* const peer = find(stream, tag);
  GAUNTLET_CHECK(peer != nullptr);
  if (peer->closing) return;  // only its FIN is awaited
  serve(*peer, bytes);
}

void Transport::serve(Peer& peer, std::span<char> bytes) {
  now_ns_ = loop_.now();
  out_ = &loop_.output(peer.stream);
  const std::span<char> rest = consume(peer, bytes);
  if (peer.closing) return;
  if (!peer.partial) peer.partial_since_ns = 0;
  if (peer.partial && peer.partial_since_ns == 0) peer.partial_since_ns = now_ns_;
  if (!rest.empty()) hold(peer, rest);
}

void Transport::hold(Peer& peer, std::span<const char> bytes) {
  if (peer.held.size() + bytes.size() > limits_.held_bytes_max) return cut_off(peer);
  peer.held.append(bytes.data(), bytes.size());
  loop_.pause_reading(peer.stream, true);
}

void Transport::serve_held(Peer& peer) {
  if (held_up(peer)) return;
  if (!peer.held.empty()) {
    std::string bytes = std::move(peer.held);
    peer.held.clear();
    const std::size_t size = bytes.size();
    bytes.append(net::kReadPadding, '\0');
    serve(peer, {bytes.data(), size});
  }
  if (!held_up(peer)) loop_.pause_reading(peer.stream, false);
}

Caller Transport::caller_of(const Peer& peer) {
  return {.path = {this, peer.stream, peer.tag}, .now_ns = now_ns_, .principal = peer.principal};
}

void Transport::answer(Peer& peer, const Answer& answer) {
  if (answer.later) {
    ++peer.later;
    return;
  }
  write(peer, answer);
  check_output(peer);
}

class Transport::LateOutlet final : public Outlet {
 public:
  LateOutlet(const ReturnPath& path, CallId call) : path_(path), call_(call) {}
  ~LateOutlet() override {
    if (!finished_) path_.transport->deliver_late(path_, call_, {});
  }

  void send(std::string_view json) override {
    Transport& transport = *path_.transport;
    Peer* const peer = transport.find(path_.stream, path_.tag);
    if (peer == nullptr || peer->closing) return;
    transport.out_ = &transport.loop_.output(path_.stream);
    transport.write_message(*peer, json);
  }
  void finish(const Answer& answer) override {
    finished_ = true;
    path_.transport->deliver_late(path_, call_, answer);
  }
  bool disconnect(core::Nanos) override { return false; }

 private:
  ReturnPath path_;
  CallId call_;
  bool finished_ = false;
};

std::unique_ptr<Outlet> Transport::open_outlet(const ReturnPath& path,
                                               const OutletRequest& request) {
  find(path.stream, path.tag)->calls.push_back(request.call);
  return std::make_unique<LateOutlet>(path, request.call);
}

void Transport::deliver_late(const ReturnPath& path, CallId call, const Answer& answer) {
  Peer* const peer = find(path.stream, path.tag);
  if (peer == nullptr) return;
  --peer->later;
  std::erase(peer->calls, call);
  if (peer->closing) return;
  out_ = &loop_.output(path.stream);
  write(*peer, answer);
  check_output(*peer);
  serve_held(*peer);
}

bool Transport::swallows(Peer& peer, const Answer& answer) {
  if (answer.delivery.stall) peer.stalled = true;
  if (!peer.stalled) return false;
  if (!answer.body.empty()) service_.bad().count_swallowed();
  return true;
}

void Transport::check_output(Peer& peer) {
  if (peer.throttled || out_->size() <= limits_.output_bytes_max) return;
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

bool Transport::after_turn(core::Nanos now_ns) {
  released_ = false;
  std::vector<Waiting> list;
  list.swap(throttled_);
  for (const Waiting& entry : list) release(entry, now_ns);
  list.clear();
  list.swap(closing_);
  for (const Waiting& entry : list) finish(entry, now_ns);
  if (draining_) close_idle();
  return released_;
}

void Transport::release(Waiting entry, core::Nanos now_ns) {
  Peer* const peer = find(entry.stream, entry.tag);
  if (peer == nullptr || peer->closing) return;
  loop_.flush(entry.stream);
  if (loop_.unsent_bytes(entry.stream) <= limits_.output_bytes_max / 2) {
    peer->throttled = false;
    released_ = true;
    serve_held(*peer);
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
  if (peer->fin_sent && draining_) return cut_off(*peer);
  closing_.push_back(entry);
}

void Transport::sweep(core::Nanos now_ns) {
  for (const auto& peer : peers_)
    if (peer != nullptr && peer->partial_since_ns != 0 &&
        now_ns - peer->partial_since_ns > limits_.message_ns)
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
    if (is_idle(*peer)) cut_off(*peer);
  }
}

void Transport::close_all() {
  for (const auto& peer : peers_)
    if (peer != nullptr) cut_off(*peer);
}

}  // namespace gauntlet::server
