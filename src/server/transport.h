// Transport: what HTTP connections and streams of lines have in common: their peers, what bounds
// them, and how they end. HttpTransport and LineTransport say what the bytes mean.
//
// A peer is served from within the loop's on_data; all its answers to one read leave in one send.
// Of what it has sent, Limits::turn_messages_max are served in a turn of the loop: the rest is kept
// for the next one, in which all others come first. A JSON-RPC batch counts as all its messages,
// and is not cut. A peer is held up while an answer that must come first is outstanding, or while
// more than Limits::output_bytes_max wait to be sent: its bytes are kept, and reading pauses. One
// whose backlog grows beyond Limits::backlog_bytes_max, because its calls or others write on, is
// cut off. A peer that has ended its own side (FIN) still gets the answers that it is owed. Belongs
// to the loop's thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/fd.h"
#include "net/loop.h"
#include "server/answer.h"
#include "server/caller.h"
#include "server/config.h"
#include "server/mailbox.h"
#include "server/outlet.h"
#include "server/service.h"
#include "server/timers.h"

namespace gauntlet::server {

struct Peer {
  virtual ~Peer() = default;

  net::StreamId stream;
  std::uint64_t tag = 0;        // its place among the transport's peers
  std::string held;             // read, and to be served once the peer is not held up any more
  std::uint32_t later = 0;      // answers that are still to come
  std::uint64_t turn = 0;       // the last in which it was served
  std::size_t share = 0;        // messages that may still be served in that turn
  bool loopback = true;         // it came in by a loopback listener
  std::uint64_t principal = 0;  // whose token its request has shown; 0: none was asked for
  Allowance allowance;          // of messages that belong to no session in the registry
  bool partial = false;         // a message has begun and not ended
  bool throttled = false;       // too much output waits
  bool closing = false;         // nothing more is read or answered
  bool queued = false;          // in Transport::woken_
  bool fin_sent = false;
  bool half_closed = false;          // it has sent its last byte
  bool handed_over = false;          // another transport goes on with its stream
  bool stalled = false;              // a bad mode: never answered again
  bool refused = false;              // one too many: gets nothing but a refusal
  core::Nanos active_ns = 0;         // when it last did, or got, anything
  core::Nanos partial_since_ns = 0;  // 0: not known yet
  core::Nanos half_closed_ns = 0;
  core::Nanos held_back_ns = 0;  // when it was last refused for load; 0: not held back any more
  bool drains = false;           // closing, and paused: it sends on
};

inline constexpr std::string_view kTooManyConnections = "too many connections";

class Transport : public net::StreamHandler {
 public:
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void add(core::Fd socket, bool loopback, const net::TlsContext* tls = nullptr);
  // One too many: is told so, and closed.
  void turn_away(core::Fd socket, bool loopback, const net::TlsContext* tls = nullptr);

  // A way back for a call whose answer does not come at once. Asked from within Service::handle().
  virtual std::unique_ptr<Outlet> open_outlet(const ReturnPath& path,
                                              const OutletRequest& request) = 0;
  // News from this or another worker, for those peers that it concerns.
  virtual void on_letter(const Letter& letter) = 0;

  // Once a turn: lets peers go on whose output has drained, and closes those that are done. Returns
  // until when the next turn may wait: where something was written, not at all, as no event may
  // come of it.
  core::Nanos after_turn(core::Nanos now_ns);
  // Once a second: cuts off peers that are too slow.
  virtual void sweep(core::Nanos now_ns);
  // From now on each peer is closed as soon as it has all its answers.
  virtual void drain() { draining_ = true; }
  void close_all();

  std::size_t peer_count() const { return peer_count_; }  // with those being turned away
  std::size_t refused_count() const { return refused_count_; }

  void on_connected(net::StreamId, std::uint64_t) final {}
  void on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) final;
  bool on_half_closed(net::StreamId stream, std::uint64_t tag) final;
  void on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason, int) final;

 protected:
  Transport(net::Loop& loop, Service& service, const Limits& limits)
      : loop_(loop), service_(service), limits_(limits) {}

  virtual std::unique_ptr<Peer> make_peer() const = 0;
  // Serves what can be served now and is within the peer's share, and returns the other bytes. Sets
  // peer.partial, and peer.partial_since_ns to 0 whenever a message ends.
  virtual std::span<char> consume(Peer& peer, std::span<char> bytes) = 0;
  // The peer is out of reach: nothing finds it any more.
  virtual void on_gone(Peer&) {}
  // One too many has connected: says so, if it can before the peer asks for anything.
  virtual void on_turned_away(Peer&) {}
  // The server is stopping, and this peer is about to be closed.
  virtual void say_goodbye(Peer&) {}
  // A peer whose `handed_over` is set: gives its stream to another transport.
  virtual void pass_on(Peer&, std::span<char>) {}
  // It has ended its side and is owed answers still. Where that may also mean that it has gone, a
  // write brings it out.
  virtual void probe(Peer&) {}
  // Bytes must wait: only HTTP answers strictly in order.
  virtual bool held_up(const Peer& peer) const { return peer.throttled || peer.closing; }

  // So many messages of the peer's share are used up, or as many as there are.
  static void spend(Peer& peer, std::size_t messages) {
    peer.share -= std::min(peer.share, messages);
  }
  // What the service says to a message. A peer that is refused for load is held back: it has the
  // rest of its share, and the next one `hold_back_ns` later.
  Answer handle(Peer& peer, std::span<const char> json, const Caller& caller);
  // The bad mode that swallows all answers of a connection.
  bool swallows(Peer& peer, const Answer& answer);
  // Pauses a peer that has too much output waiting. Asked after each answer.
  void check_output(Peer& peer);
  // What is written is still sent, then FIN, then a while for the peer's own FIN.
  void begin_close(Peer& peer);

  Peer* find(net::StreamId stream, std::uint64_t tag) const;
  Peer* find(const ReturnPath& path) const { return find(path.stream, path.tag); }
  // Its output buffer. Valid until something is written to another peer.
  std::string& out(const Peer& peer) { return loop_.output(peer.stream); }
  // Whether a message that the peer did not just ask for may be written to it.
  bool takes_more(Peer& peer);
  // An answer that was outstanding is written, or will never come: goes on with the peer.
  void go_on(Peer& peer);
  void cut_off(Peer& peer);
  // Nothing is under way on it.
  bool is_idle(const Peer& peer) const;
  template <typename OnPeer>
  void each_peer(OnPeer on_peer) {
    for (const auto& peer : peers_)
      if (peer != nullptr) on_peer(*peer);
  }
  // Takes in a stream that another transport has handed over.
  Peer& take_over(net::StreamId stream, bool loopback, std::uint64_t principal);
  // Gives the stream away; the peer is forgotten, and nobody is told.
  void give_up(Peer& peer);

  core::Nanos now_ns() const { return now_ns_; }
  bool draining() const { return draining_; }
  Caller caller_of(Peer& peer);

  net::Loop& loop_;
  Service& service_;
  const Limits& limits_;

 private:
  struct Waiting {
    net::StreamId stream;
    std::uint64_t tag;
    core::Nanos since_ns;
  };

  Peer& place(bool loopback);
  void serve(Peer& peer, std::span<char> bytes);
  void serve_held(Peer& peer);
  void hold(Peer& peer, std::span<const char> bytes);
  void queue(Peer& peer);
  void forget(std::uint64_t tag);
  void wake(const Waiting& entry, core::Nanos now_ns);
  void release(Waiting entry, core::Nanos now_ns);
  void finish(Waiting entry, core::Nanos now_ns);
  bool is_held_back(Peer& peer, core::Nanos now_ns);
  void drain(Peer& peer, core::Nanos now_ns);
  void close_idle();

  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<std::uint64_t> free_tags_;
  std::size_t peer_count_ = 0;
  std::size_t refused_count_ = 0;
  Allowance drained_;  // of reads that are thrown away
  std::vector<Waiting> throttled_;
  std::vector<Waiting> closing_;
  std::vector<Waiting> woken_;      // may go on, each of them once in here
  std::vector<Waiting> overflown_;  // to be cut off, once none of them is being served
  core::Nanos now_ns_ = 0;
  std::uint64_t turn_ = 1;
  bool draining_ = false;
  core::Nanos next_turn_ns_ = Timers::kNever;  // what after_turn() returns
};

}  // namespace gauntlet::server
