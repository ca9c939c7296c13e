// The way of an echo call through transport and service allocates nothing once warm.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "requests.h"
#include "server/http_transport.h"
#include "server/line_transport.h"

// These replace the global operators as a pair; once inlined, g++ sees only one half of it.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace {

thread_local std::uint64_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace gauntlet::server {
namespace {

constexpr int kWarmRounds = 20;
constexpr int kRounds = 200;

class Allocation : public testing::Test {
 protected:
  // Sends the bytes and reads the answer, all on this thread; returns what that allocated.
  std::uint64_t allocations_of(Transport& transport, std::string_view bytes) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    const core::Fd client(ends[0]);
    transport.add(core::Fd(ends[1]), true);
    for (int i = 0; i < kWarmRounds; ++i) round(transport, client.get(), bytes);
    const std::uint64_t before = allocations;
    for (int i = 0; i < kRounds; ++i) round(transport, client.get(), bytes);
    const std::uint64_t after = allocations;
    transport.close_all();
    return after - before;
  }

  void round(Transport& transport, int fd, std::string_view bytes) {
    ASSERT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    loop_->turn(0);
    transport.after_turn(loop_->now());
    char answer[4096];
    ASSERT_GT(read(fd, answer, sizeof answer), 0);
  }

  Config config_;
  std::unique_ptr<net::Loop> loop_ = net::make_loop();
  Timers timers_;
  Registry registry_{1000, core::kSecond};
  EventLog events_{1 << 16};
  Mailbox mailbox_;
  Contents contents_;
  Shared shared_{registry_, events_, &mailbox_, {}, &contents_};
  Service service_{config_, timers_, shared_};
};

TEST_F(Allocation, IsCounted) {
  const std::uint64_t before = allocations;
  const std::string text(100, 'x');
  EXPECT_GT(allocations, before);
}

TEST_F(Allocation, HttpCallsNeedNone) {
  HttpTransport transport(*loop_, service_, config_, [] { return std::string(); });
  EXPECT_EQ(allocations_of(transport, stateless_echo("1") + stateless_echo("2")), 0U);
}

TEST_F(Allocation, FlowControlNeedsNone) {
  config_.flow = {.messages_per_second = 1e9, .breaker = {.p95_ns = core::kSecond}};
  Service service(config_, timers_, shared_);
  HttpTransport transport(*loop_, service, config_, [] { return std::string(); });
  EXPECT_EQ(allocations_of(transport, stateless_echo("1") + stateless_echo("2")), 0U);
}

TEST_F(Allocation, LinesNeedNone) {
  LineTransport transport(*loop_, service_, config_.limits);
  const std::string line = stateless_call("1", "echo", R"({"message":"a rather long text here"})");
  EXPECT_EQ(allocations_of(transport, line + "\n" + line + "\n"), 0U);
}

}  // namespace
}  // namespace gauntlet::server
