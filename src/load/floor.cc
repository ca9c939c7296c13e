#include "load/floor.h"

#include <algorithm>
#include <string>
#include <vector>

#include "load/loopback_sources.h"
#include "stats/histogram.h"

namespace gauntlet::load {
namespace {

constexpr core::Nanos kOpeningTimeout = 15 * core::kSecond;
constexpr std::uint32_t kOpeningAtOnce = 500;
// Of the first bursts, while caches and buffers fill.
constexpr core::Nanos kSettling = 300 * core::kMillisecond;

class Echo final : net::StreamHandler, net::AcceptHandler {
 public:
  explicit Echo(net::Loop& loop) : loop_(loop) {}
  void listen(int fd) { loop_.listen(fd, *this, 0); }

 private:
  void on_accepted(core::Fd socket, std::uint64_t) override {
    loop_.adopt(std::move(socket), *this, 0);
  }
  void on_connected(net::StreamId, std::uint64_t) override {}
  void on_data(net::StreamId stream, std::uint64_t, std::span<char> bytes) override {
    loop_.output(stream).append(bytes.data(), bytes.size());
  }
  void on_closed(net::StreamId, std::uint64_t, net::CloseReason, int) override {}

  net::Loop& loop_;
};

class Pounder final : net::StreamHandler {
 public:
  Pounder(const net::Endpoint& peer, const FloorPattern& pattern)
      : loop_(net::make_loop(pattern.io)),
        peer_(peer),
        burst_(pattern.burst),
        burst_bytes_(pattern.burst * pattern.message_bytes),
        bytes_(burst_bytes_, 'x'),
        sources_(loopback_sources(peer, pattern.connections)),
        connections_(pattern.connections) {}

  core::Result<void> open() {
    const core::Nanos limit = core::monotonic_ns() + kOpeningTimeout;
    while (ready_ < connections_.size() && !lost_ && core::monotonic_ns() < limit) {
      while (begun_ < connections_.size() && begun_ < ready_ + kOpeningAtOnce) begin_one();
      loop_->turn(limit);
    }
    if (ready_ == connections_.size()) return {};
    return core::unreachable_error("the floor's connections could not all be opened");
  }

  core::Result<Floor> pound(core::Nanos length) {
    for (Connection& connection : connections_) send(connection);
    turn_until(core::monotonic_ns() + kSettling);
    bursts_.reset();
    const core::Nanos cpu = core::thread_cpu_ns();
    const core::Nanos begin = core::monotonic_ns();
    turn_until(begin + length);
    const core::Nanos end = core::monotonic_ns();
    const auto cpu_us = static_cast<double>(core::thread_cpu_ns() - cpu) / core::kMicrosecond;
    if (lost_) return core::unreachable_error("one of the floor's connections ended");
    const auto messages = static_cast<double>(bursts_.count() * burst_);
    return Floor{messages / core::to_seconds(end - begin),
                 bursts_.quantile_ms(0.5),
                 bursts_.quantile_ms(0.99),
                 messages > 0 ? cpu_us / messages : 0,
                 begin,
                 end};
  }

 private:
  struct Connection {
    net::StreamId stream;
    std::size_t missing = 0;  // bytes of the burst under way
    core::Nanos sent = 0;
  };

  void begin_one() {
    const net::Endpoint* source = sources_.empty() ? nullptr : &sources_[begun_ % sources_.size()];
    connections_[begun_].stream = loop_->connect(peer_, *this, begun_, source);
    ++begun_;
  }
  void send(Connection& connection) {
    loop_->output(connection.stream).append(bytes_);
    connection.missing = burst_bytes_;
    connection.sent = core::monotonic_ns();
  }
  void turn_until(core::Nanos end) {
    while (core::monotonic_ns() < end && !lost_) loop_->turn(end);
  }

  void on_connected(net::StreamId, std::uint64_t) override { ++ready_; }
  void on_data(net::StreamId, std::uint64_t tag, std::span<char> bytes) override {
    Connection& connection = connections_[tag];
    connection.missing -= std::min(connection.missing, bytes.size());
    if (connection.missing > 0) return;
    bursts_.record_ns(core::monotonic_ns() - connection.sent);
    send(connection);
  }
  void on_closed(net::StreamId, std::uint64_t, net::CloseReason, int) override { lost_ = true; }

  std::unique_ptr<net::Loop> loop_;
  net::Endpoint peer_;
  std::uint32_t burst_;
  std::size_t burst_bytes_;
  std::string bytes_;
  std::vector<net::Endpoint> sources_;
  std::vector<Connection> connections_;
  std::size_t begun_ = 0;
  std::size_t ready_ = 0;
  bool lost_ = false;
  stats::Histogram bursts_;
};

}  // namespace

core::Result<Floor> measure_floor(const net::Endpoint& peer, const FloorPattern& pattern) {
  Pounder pounder(peer, pattern);
  if (auto opened = pounder.open(); !opened) return std::unexpected(opened.error());
  return pounder.pound(pattern.length);
}

core::Result<void> run_echo_peer(const net::Endpoint& where, int stop,
                                 void (*ready)(const net::Endpoint& bound), net::Io io) {
  auto socket = net::listen_on(where);
  if (!socket) return std::unexpected(socket.error());
  const auto bound = net::local_endpoint(socket->get());
  if (!bound) return std::unexpected(bound.error());
  const auto loop = net::make_loop(io);
  Echo echo(*loop);
  echo.listen(socket->get());
  bool stopped = false;
  loop->watch(stop, [&] { stopped = true; });
  ready(*bound);
  while (!stopped) loop->turn(core::monotonic_ns() + core::kSecond);
  loop->unwatch(stop);
  loop->stop_listening(socket->get());
  return {};
}

}  // namespace gauntlet::load
