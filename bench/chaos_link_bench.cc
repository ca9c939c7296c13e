// What the lab's link costs: datagrams from load to an echo in the server and back, over the
// kernel's routing and through the link emulator without any fault. RoundTrip: one at a time; p50
// and p99 of the round trip. Packets: 64 at a time; packets a second that the link carries, both
// ways together.
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "chaos/lab.h"
#include "chaos/link_emulator.h"
#include "net/endpoint.h"
#include "stats/histogram.h"

namespace gauntlet::chaos {
namespace {

constexpr std::size_t kDatagramBytes = 100;
constexpr int kTogether = 64;

core::Fd udp_socket(const std::string& address, std::uint16_t port) {
  core::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto local = *net::Endpoint::tcp(address, port);
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (bind(fd.get(), local.address(), local.length()) != 0) std::abort();
  return fd;
}

[[noreturn]] void echo_forever(int fd) {
  std::array<char, kDatagramBytes> bytes;
  sockaddr_storage from{};
  for (;;) {
    socklen_t length = sizeof from;
    auto* address = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = recvfrom(fd, bytes.data(), bytes.size(), 0, address, &length);
    if (got > 0) sendto(fd, bytes.data(), static_cast<std::size_t>(got), 0, address, length);
  }
}

// Entered once: a lab cannot be left.
class Bench {
 public:
  static Bench& get() {
    static Bench bench;
    return bench;
  }

  void emulate(bool on) {
    emulator_.reset();
    if (on) emulator_ = std::move(*LinkEmulator::start(*lab_));
  }
  // False where one was lost.
  bool exchange(int count) {
    std::array<char, kDatagramBytes> bytes{};
    for (int i = 0; i < count; ++i) send(client_.get(), bytes.data(), bytes.size(), 0);
    for (int i = 0; i < count; ++i)
      if (recv(client_.get(), bytes.data(), bytes.size(), 0) < 0) return false;
    return true;
  }

 private:
  Bench() {
    auto lab = Lab::enter({});
    if (!lab) {
      std::fprintf(stderr, "no lab here: %s\n", lab.error().text.c_str());
      std::exit(1);
    }
    lab_ = std::move(*lab);
    core::Fd server;
    lab_->in(Place::server, [&] { server = udp_socket(Lab::server_address(), 3000); });
    if (net::fork_inside(lab_->server()) == 0) echo_forever(server.get());
    client_ = udp_socket(Lab::load_address(), 0);
    const auto to = *net::Endpoint::tcp(Lab::server_address(), 3000);
    if (connect(client_.get(), to.address(), to.length()) != 0) std::abort();
  }

  std::unique_ptr<Lab> lab_;
  std::unique_ptr<LinkEmulator> emulator_;
  core::Fd client_;
};

void measure(benchmark::State& state, int together) {
  Bench& bench = Bench::get();
  bench.emulate(state.range(0) == 1);
  stats::Histogram times;
  for (auto _ : state) {
    const core::Nanos begun = core::monotonic_ns();
    if (!bench.exchange(together)) state.SkipWithError("a datagram was lost");
    times.record_ns(core::monotonic_ns() - begun);
  }
  bench.emulate(false);
  state.counters["p50_us"] = static_cast<double>(times.quantile_us(0.5));
  state.counters["p99_us"] = static_cast<double>(times.quantile_us(0.99));
  state.counters["packets"] = benchmark::Counter(
      2.0 * together * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void RoundTrip(benchmark::State& state) { measure(state, 1); }
void Packets(benchmark::State& state) { measure(state, kTogether); }

BENCHMARK(RoundTrip)->ArgName("emulated")->Arg(0)->Arg(1)->UseRealTime();
BENCHMARK(Packets)->ArgName("emulated")->Arg(0)->Arg(1)->UseRealTime();

}  // namespace
}  // namespace gauntlet::chaos
