#include "load/floor.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <future>
#include <thread>

#include "core/fd.h"

namespace gauntlet::load {
namespace {

std::promise<net::Endpoint>* listening = nullptr;

// An echo peer on a thread of its own.
class Peer {
 public:
  Peer() {
    std::promise<net::Endpoint> bound;
    listening = &bound;
    thread_ = std::thread([this] {
      EXPECT_TRUE(run_echo_peer(*net::Endpoint::parse("127.0.0.1:auto"), stop_.get(),
                                [](const net::Endpoint& where) { listening->set_value(where); }));
    });
    where_ = bound.get_future().get();
  }
  ~Peer() {
    eventfd_write(stop_.get(), 1);
    thread_.join();
  }
  const net::Endpoint& where() const { return *where_; }

 private:
  core::Fd stop_{eventfd(0, EFD_CLOEXEC)};
  std::optional<net::Endpoint> where_;
  std::thread thread_;
};

TEST(Floor, CountsWhatCameBack) {
  const Peer peer;
  const auto floor = measure_floor(
      peer.where(),
      {.connections = 20, .burst = 4, .message_bytes = 300, .length = core::kSecond / 5});
  ASSERT_TRUE(floor) << floor.error().text;
  EXPECT_GT(floor->messages_per_s, 100);
  EXPECT_GT(floor->burst_p50_ms, 0);
  EXPECT_GE(floor->burst_p99_ms, floor->burst_p50_ms);
}

TEST(Floor, LargeBurstsComeBackInParts) {
  const Peer peer;
  const auto floor = measure_floor(
      peer.where(),
      {.connections = 2, .burst = 64, .message_bytes = 20'000, .length = core::kSecond / 5});
  ASSERT_TRUE(floor) << floor.error().text;
  EXPECT_GT(floor->messages_per_s, 64);
}

TEST(Floor, NobodyThereIsAnError) {
  const auto port =
      net::local_endpoint(net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"))->get());
  const auto floor = measure_floor(*port, {});
  ASSERT_FALSE(floor);
  EXPECT_EQ(floor.error().kind, core::ErrorKind::unreachable);
}

}  // namespace
}  // namespace gauntlet::load
