// EpollLoop: the loop of net/loop.h over epoll: level-triggered, one receive per readable stream
// and turn into a buffer that all streams share, one send per stream and turn. TLS streams
// (epoll_tls.cc) take a second buffer for what they have opened.
#pragma once

#include <fcntl.h>
#include <sys/epoll.h>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/check.h"
#include "net/loop.h"
#include "net/tls_session.h"

namespace gauntlet::net {

inline constexpr std::size_t kEventsPerTurn = 1024;
inline constexpr std::size_t kReadBufferBytes = 64 * 1024;

class EpollLoop final : public Loop {
 public:
  explicit EpollLoop(LoopLimits limits)
      : limits_(limits), epoll_(epoll_create1(EPOLL_CLOEXEC)), now_(core::monotonic_ns()) {
    GAUNTLET_CHECK(epoll_.valid());
    read_buffer_.resize(kReadBufferBytes + kReadPadding);
  }

  StreamId connect(const Endpoint& to, StreamHandler& handler, std::uint64_t tag,
                   const Endpoint* source, const TlsContext* tls) override;
  StreamId adopt(core::Fd socket, StreamHandler& handler, std::uint64_t tag,
                 const TlsContext* tls) override;
  void listen(int listening_fd, AcceptHandler& handler, std::uint64_t tag) override;
  void stop_listening(int listening_fd) override;
  std::string& output(StreamId id) override;
  void flush(StreamId id) override;
  std::size_t unsent_bytes(StreamId id) const override;
  void pause_reading(StreamId id, bool paused) override;
  void hand_over(StreamId id, StreamHandler& handler, std::uint64_t tag) override;
  void end_output(StreamId id) override;
  void close(StreamId id, CloseMode mode) override;
  bool is_open(StreamId id) const override { return find(id) != nullptr; }
  int native_fd(StreamId id) const override {
    const Stream* stream = find(id);
    return stream == nullptr ? -1 : stream->fd.get();
  }
  void watch(int fd, std::function<void()> on_readable) override;
  void unwatch(int fd) override;
  void turn(core::Nanos deadline) override;
  core::Nanos now() const override { return now_; }
  std::string_view backend() const override { return "epoll"; }

 private:
  struct Stream {
    core::Fd fd;
    std::uint32_t generation = 1;
    std::uint32_t interest = 0;  // what epoll was last asked for
    bool registered = false;     // with epoll
    StreamHandler* handler = nullptr;
    std::uint64_t tag = 0;
    std::string out;
    std::size_t sent = 0;  // of out, by an earlier short write
    bool connecting = false;
    int error = 0;         // of a connect() that failed at once; the handler is told next turn
    bool dirty = false;    // listed in dirty_
    bool blocked = false;  // the socket takes no more for now: waiting for EPOLLOUT
    bool paused = false;
    bool half_closed = false;         // the peer has ended its side
    std::unique_ptr<TlsSession> tls;  // then `out` is sealed, and what is to be sealed is in there
  };
  struct Handshake {
    StreamId stream;
    core::Nanos due_ns;
  };
  struct Listener {
    AcceptHandler* handler;
    std::uint64_t tag;
  };

  const Stream* find(StreamId id) const {
    if (id.generation == 0 || id.slot >= streams_.size()) return nullptr;
    const Stream& stream = streams_[id.slot];
    return stream.generation == id.generation && stream.handler != nullptr ? &stream : nullptr;
  }
  Stream* find(StreamId id) {
    return const_cast<Stream*>(static_cast<const EpollLoop*>(this)->find(id));
  }

  StreamId add_stream(core::Fd fd, StreamHandler& handler, std::uint64_t tag);
  void remove_stream(Stream& stream);
  void end_stream(StreamId id, CloseReason reason, int error);
  void set_interest(StreamId id, Stream& stream);
  void mark_dirty(StreamId id, Stream& stream);
  void send_output(StreamId id, Stream& stream);
  void release_output(Stream& stream);
  void take_buffer(std::string& buffer);
  void release_buffer(std::string& buffer);
  void flush_dirty();
  void wait(core::Nanos deadline);
  void deliver(const epoll_event& event);
  void on_stream_event(std::uint32_t slot, std::uint32_t generation_bits, std::uint32_t events);
  bool finish_connect(StreamId id, Stream& stream);
  void read_from(StreamId id, Stream& stream);
  void end_reading(StreamId id, Stream& stream);

  // TLS (epoll_tls.cc)
  void add_tls(StreamId id, const TlsContext& context);
  void begin_tls(StreamId id, Stream& stream);
  void seal_output(Stream& stream);
  void seal_end(Stream& stream);
  void open_input(StreamId id, Stream& stream, std::span<const char> received);
  void fail_tls(StreamId id, int error);
  void end_slow_handshakes();

  void accept_from(int fd);
  void refuse_one(int fd);

  LoopLimits limits_;
  core::Fd epoll_;
  core::Fd reserve_{::open("/dev/null", O_RDONLY | O_CLOEXEC)};  // see refuse_one()
  core::Nanos now_;
  std::vector<Stream> streams_;  // handlers may add streams: never hold a reference across a call
  std::vector<std::uint32_t> free_slots_;
  std::vector<StreamId> dirty_;
  std::vector<StreamId> flushing_;
  std::vector<StreamId> failed_;
  std::vector<std::string> spare_buffers_;
  std::string scratch_;  // what stale ids write into
  std::vector<char> read_buffer_;
  std::vector<char> plain_buffer_;    // of TLS streams, once there is one
  std::deque<Handshake> handshakes_;  // by when they are due; some have ended
  std::unordered_map<int, Listener> listeners_;
  std::unordered_map<int, std::function<void()>> watches_;
  std::array<epoll_event, kEventsPerTurn> events_{};
  int event_count_ = 0;
};

}  // namespace gauntlet::net
