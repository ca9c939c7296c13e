// Proxy: one process's share of the fault proxy: what it accepts it connects with the target, and
// passes bytes both ways, through the toxics. One loop, no thread, no lock; back-pressure both
// ways: a side is not read while kHeldBytesMax bytes from it wait to be written to the other.
// So of one connection there lie at most 2 * (kHeldBytesMax + one read + the tap's) bytes here.
//
// Connections are numbered: this process's number, then on in steps of the number of processes.
// Belongs to its loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "chaos/proxy_board.h"
#include "chaos/proxy_pipe.h"
#include "chaos/proxy_tap.h"
#include "chaos/proxy_toxics.h"
#include "net/loop.h"

namespace gauntlet::chaos {

inline constexpr std::size_t kHeldBytesMax = 256 * 1024;
// The table of toxics is looked at as often as this where nothing moves.
inline constexpr core::Nanos kProxyLookInterval = 20 * core::kMillisecond;

// Where the bytes go, and how much of them is understood.
struct ProxyTarget {
  enum class Speaks : std::uint8_t { bytes, lines, http };
  net::Endpoint endpoint;
  Speaks speaks = Speaks::bytes;
  std::string host;  // http: of the Host header
  std::string text;  // as given

  // http://host[:port], tcp://host:port and unix:/path are understood, https://host[:port] and
  // host:port pass as bytes.
  static core::Result<ProxyTarget> parse(std::string_view text);
};

class Proxy final : net::AcceptHandler, net::StreamHandler {
 public:
  // `listening_fd` stays its owner's; `connections_max`: one more is reset.
  Proxy(net::Loop& loop, int listening_fd, ProxyTarget target, ProxyBoard& board,
        std::size_t process, std::size_t connections_max);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // One turn of the loop, and what is due in it.
  void turn();

 private:
  // Data of one stream: read from this side, written to the other.
  struct Side {
    net::StreamId stream;
    ProxyPipe pipe;
    bool connected = true;
    bool ending = false;  // all of it was written; its end is due
    bool ended = false;   // and the end too
    core::Nanos timer_ns = INT64_MAX;
  };
  struct Connection final : TapOutlet {
    Connection(Proxy& p, std::uint64_t n, std::uint32_t s)
        : proxy(p), number(n), slot(s), shaper(p.toxics_, n) {}
    void pass(ProxyStream stream, std::string_view bytes, core::Nanos delay_ns,
              ToxicSet by) override {
      proxy.pass(*this, stream, bytes, delay_ns, by);
    }
    void cut() override;

    Proxy& proxy;
    std::uint64_t number;
    std::uint32_t slot;
    core::Nanos opened_ns = core::monotonic_ns();
    ProxyShaper shaper;
    std::unique_ptr<ProxyTap> tap;
    std::array<Side, 2> sides;
    bool over = false;     // what is written to the client is the last of it
    bool waiting = false;  // listed in waiting_
  };
  struct Timer {
    core::Nanos due_ns;
    std::uint64_t number;  // of the connection
    std::uint32_t slot;
    std::size_t from;  // the side whose pipe has something due
    bool operator>(const Timer& other) const { return due_ns > other.due_ns; }
  };

  void on_accepted(core::Fd socket, std::uint64_t tag) override;
  void on_connected(net::StreamId stream, std::uint64_t tag) override;
  void on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) override;
  bool on_half_closed(net::StreamId stream, std::uint64_t tag) override;
  void on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason reason,
                 int error) override;

  bool is_open(std::uint32_t slot, std::uint64_t number) const {
    return connections_[slot] && connections_[slot]->number == number;
  }
  Connection& connection_of(std::uint64_t tag) { return *connections_[tag >> 1]; }
  void open(core::Fd socket);
  void pass(Connection& connection, ProxyStream stream, std::string_view bytes,
            core::Nanos delay_ns, ToxicSet by);
  void settle(Connection& connection);
  void settle(Connection& connection, std::size_t from);
  void wait_for(Connection& connection, std::size_t from);
  void close(Connection& connection, net::CloseMode mode);

  void look_at_toxics();
  void run_timers();
  void strike_all();
  bool strike(Connection& connection);
  void settle_waiting();

  net::Loop& loop_;
  int listening_fd_;
  ProxyTarget target_;
  ProxyToxics toxics_;
  std::size_t connections_max_;
  std::uint64_t next_number_;
  std::uint64_t number_step_;
  std::size_t open_ = 0;
  core::Nanos next_strikes_ns_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::uint32_t> free_slots_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> waiting_;  // slot, number
};

}  // namespace gauntlet::chaos
