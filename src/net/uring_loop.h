// UringLoop: the loop of net/loop.h over io_uring (Linux 6.1 and later): a multishot receive a
// stream, into buffers that all share (uring_buffers.h); the sends of a turn go to the kernel in
// one call, and are done when it returns, so that no buffer of ours is ever in use between turns.
//
// A request holds its socket open after our descriptor is closed. So streams are shut down or reset
// before that, and a listener's poll is over when stop_listening() returns.
//
// Made on any thread; belongs to the one that turns it first. A process that forks makes its loops
// afterwards: a ring is not inherited.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "net/stream_loop.h"
#include "net/uring_buffers.h"

namespace gauntlet::net {

class UringLoop final : public StreamLoop {
 public:
  // Throws std::system_error where the kernel refuses.
  explicit UringLoop(LoopLimits limits);
  ~UringLoop() override;
  std::string_view backend() const override { return "io_uring"; }

 private:
  // What a completion is about: the upper bits of its 64-bit data.
  enum class About : std::uint64_t {
    nothing,
    input,     // of a stream: bytes, its end, or an error
    room,      // … it takes more, or is connected
    end,       // … both sides have ended, or it broke
    send,      // … was not sent in full
    listener,  // is readable
    watch,     // is readable
  };
  struct Completion {
    std::uint64_t data;
    std::int32_t result;
    std::uint32_t flags;

    bool is_last() const { return (flags & IORING_CQE_F_MORE) == 0; }
  };
  // A descriptor that is polled, under its number among all that ever were.
  struct Polled {
    std::uint32_t serial;
    bool armed;
  };

  class Ring {
   public:
    Ring();
    ~Ring() { io_uring_queue_exit(&ring); }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    io_uring ring{};
  };

  static std::uint64_t data_of(About about, std::uint32_t low, std::uint32_t high);
  static std::uint64_t data_of(About about, StreamId id) {
    return data_of(about, id.slot, id.generation);
  }

  void expect(StreamId id, Stream& stream) override;
  void send_output(StreamId id, Stream& stream) override;
  void settle(StreamId id, Stream& stream) override;
  void let_go(Stream& stream, CloseMode mode) override;
  void expect_other(Other kind, int fd) override;
  void forget_other(int fd) override;
  void wait(core::Nanos deadline) override;
  void deliver() override;

  // Requests.
  io_uring_sqe& next_entry();
  void poll(int fd, short events, std::uint64_t data, bool each);
  void poll_other(Other kind, int fd, std::uint32_t serial);
  void cancel(std::uint64_t data);
  void ask_for_input(StreamId id, Stream& stream);
  void ask_as_expected();
  void prepare_sends();
  void finish_sends();
  void push_sends();
  void enable();
  void submit();
  void reap();
  bool has_completed(std::uint64_t data) const;
  void end_all();

  // Completions.
  void deliver(const Completion& completion);
  void on_input(StreamId id, const Completion& completion);
  void on_bytes(StreamId id, Stream& stream, const Completion& completion);
  void on_room(StreamId id, const Completion& completion);
  void on_end(StreamId id, const Completion& completion);
  void on_short_send(StreamId id, std::int32_t result);
  void on_readable(Other kind, int fd, std::uint32_t serial);
  void deliver_held(StreamId id);

  Ring owner_;
  io_uring& ring_ = owner_.ring;
  UringBuffers buffers_{ring_};
  bool enabled_ = false;
  std::size_t under_way_ = 0;  // receives and polls that are not over
  std::uint32_t serial_ = 0;
  std::unordered_map<int, Polled> polled_;
  std::vector<StreamId> expecting_;  // whose requests may have to change
  std::vector<StreamId> queued_;     // whose output goes out with the next call of the kernel
  std::vector<StreamId> sending_;    // … with this one
  std::vector<StreamId> resumed_;    // that hold bytes and are read again
  std::vector<StreamId> resuming_;
  std::vector<Completion> completions_;
  std::size_t delivered_ = 0;  // of completions_
};

}  // namespace gauntlet::net
