#include "net/loop.h"

#include <sys/socket.h>

#include <array>
#include <exception>
#include <thread>

#include "net/epoll_loop.h"
#include "net/uring_loop.h"

namespace gauntlet::net {
namespace {

constexpr core::Nanos kTrialTime = core::kSecond;

// One byte through a socket pair, and its echo.
class Trial final : StreamHandler {
 public:
  bool succeeds() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
      return false;
    const StreamId first = loop_.adopt(core::Fd(ends[0]), *this, 0);
    loop_.adopt(core::Fd(ends[1]), *this, 1);
    loop_.output(first) += 'x';
    const core::Nanos deadline = core::monotonic_ns() + kTrialTime;
    while (!returned_ && core::monotonic_ns() < deadline) loop_.turn(deadline);
    return returned_;
  }

 private:
  void on_connected(StreamId, std::uint64_t) override {}
  void on_data(StreamId stream, std::uint64_t tag, std::span<char> bytes) override {
    if (tag == 0) returned_ = true;
    if (tag == 1) loop_.output(stream).append(bytes.data(), bytes.size());
  }
  void on_closed(StreamId, std::uint64_t, CloseReason, int) override {}

  UringLoop uring_{LoopLimits{}};
  Loop& loop_ = uring_;
  bool returned_ = false;
};

// Empty where io_uring works, else why it does not. By trying: kernels before 6.1 lack parts of it,
// containers forbid it, and others only pretend.
std::string try_io_uring() {
  try {
    return Trial().succeeds() ? "" : "it does not move bytes here";
  } catch (const std::exception& error) {
    return error.what();
  }
}

// In a thread of its own, as rings are made (uring_loop.cc).
std::string try_io_uring_apart() {
  std::string obstacle;
  std::thread([&] { obstacle = try_io_uring(); }).join();
  return obstacle;
}

const std::string& io_uring_obstacle() {
  static const std::string kObstacle = try_io_uring_apart();
  return kObstacle;
}

}  // namespace

core::Result<Io> parse_io(std::string_view text) {
  for (const Io io : {Io::automatic, Io::epoll, Io::io_uring})
    if (text == name_of(io)) return io;
  return core::usage_error("'" + std::string(text) + "' is none of: auto, epoll, io_uring");
}

std::string_view name_of(Io io) {
  switch (io) {
    case Io::automatic: return "auto";
    case Io::epoll: return "epoll";
    case Io::io_uring: return "io_uring";
  }
  return "";
}

core::Result<void> check_io(Io io) {
  if (io != Io::io_uring || io_uring_obstacle().empty()) return {};
  return core::usage_error("--io io_uring: this kernel does not let us have it (" +
                           io_uring_obstacle() + "); leave --io out, or write --io epoll");
}

std::unique_ptr<Loop> make_loop(Io io, LoopLimits limits) {
  if (io == Io::io_uring) return std::make_unique<UringLoop>(limits);
  return std::make_unique<EpollLoop>(limits);
}

}  // namespace gauntlet::net
