// EpollLoop: the loop of net/loop.h over epoll: level-triggered, one receive per readable stream
// and turn into a buffer that all streams share, one send per stream and turn.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/stream_loop.h"

namespace gauntlet::net {

inline constexpr std::size_t kEventsPerTurn = 1024;

class EpollLoop final : public StreamLoop {
 public:
  explicit EpollLoop(LoopLimits limits);
  std::string_view backend() const override { return "epoll"; }

 private:
  void expect(StreamId id, Stream& stream) override;
  void send_output(StreamId id, Stream& stream) override { send_now(id, stream); }
  void settle(StreamId, Stream&) override {}
  void let_go(Stream&, CloseMode) override {}  // closing takes it out of epoll
  void expect_other(Other kind, int fd) override;
  void forget_other(int fd) override;
  void wait(core::Nanos deadline) override;
  void deliver() override;

  void deliver(const epoll_event& event);
  void on_stream_event(StreamId id, std::uint32_t events);

  core::Fd epoll_;
  std::array<epoll_event, kEventsPerTurn> events_{};
  int event_count_ = 0;
};

}  // namespace gauntlet::net
