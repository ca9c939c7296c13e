// StreamLoop: what both loops of net/loop.h have in common: streams and what they have to send, TLS
// (stream_tls.cc), listeners and watched descriptors. How the kernel is asked, and how it answers,
// is each loop's own: epoll_loop.h, uring_loop.h.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/loop.h"
#include "net/tls_session.h"

namespace gauntlet::net {

// The largest span given to on_data of a plain stream.
inline constexpr std::size_t kReadBufferBytes = 64 * 1024;

class StreamLoop : public Loop {
 public:
  StreamId connect(const Endpoint& to, StreamHandler& handler, std::uint64_t tag,
                   const Endpoint* source, const TlsContext* tls) final;
  StreamId adopt(core::Fd socket, StreamHandler& handler, std::uint64_t tag,
                 const TlsContext* tls) final;
  void listen(int listening_fd, AcceptHandler& handler, std::uint64_t tag) final;
  void stop_listening(int listening_fd) final;
  std::string& output(StreamId id) final;
  void flush(StreamId id) final;
  std::size_t unsent_bytes(StreamId id) final;
  void pause_reading(StreamId id, bool paused) final;
  void hand_over(StreamId id, StreamHandler& handler, std::uint64_t tag) final;
  void end_output(StreamId id) final;
  void close(StreamId id, CloseMode mode) final;
  bool is_open(StreamId id) const final { return find(id) != nullptr; }
  int native_fd(StreamId id) const final {
    const Stream* stream = find(id);
    return stream == nullptr ? -1 : stream->fd.get();
  }
  void watch(int fd, std::function<void()> on_readable) final;
  void unwatch(int fd) final;
  void turn(core::Nanos deadline) final;
  core::Nanos now() const final { return now_; }

 protected:
  // Of a stream; the rest of the kernel's 64 bits an event says what it is about.
  static constexpr std::uint32_t kGenerationMask = 0x1FFFFFFF;

  struct Stream {
    core::Fd fd;
    std::uint32_t generation = 1;
    StreamHandler* handler = nullptr;
    std::uint64_t tag = 0;
    std::string out;
    std::size_t sent = 0;  // of out, by an earlier short write
    bool connecting = false;
    int error = 0;         // of a connect() that failed at once; the handler is told next turn
    bool dirty = false;    // listed in dirty_
    bool blocked = false;  // the socket takes no more for now: waiting until it does
    bool paused = false;
    bool half_closed = false;         // the peer has ended its side
    std::unique_ptr<TlsSession> tls;  // then `out` is sealed, and what is to be sealed is in there

    // Of the epoll loop.
    std::uint32_t interest = 0;  // what epoll was last asked for
    bool registered = false;     // with epoll
    // Of the io_uring loop: what is under way.
    bool receiving = false;    // a multishot receive
    bool cancelling = false;   // … whose end was ordered
    bool awaits_room = false;  // a poll for POLLOUT
    bool awaits_end = false;   // a poll for the peer's end, while nothing is received
    bool listed = false;       // in expecting_
    bool queued = false;       // in queued_
    bool sending = false;      // in sending_
    std::string held;          // received before reading was paused
  };

  // Any other descriptor: what is to be done when it is readable.
  enum class Other : std::uint8_t { listener, watch };

  explicit StreamLoop(LoopLimits limits);

  // What is to be told of a stream has changed.
  virtual void expect(StreamId id, Stream& stream) = 0;
  // Sends what is written, at the latest when waiting. Calls no handler.
  virtual void send_output(StreamId id, Stream& stream) = 0;
  // If send_output() has left something for later: sends it now.
  virtual void settle(StreamId id, Stream& stream) = 0;
  // The descriptor is about to be closed, and nothing may keep its socket open beyond that.
  virtual void let_go(Stream& stream, CloseMode mode) = 0;
  virtual void expect_other(Other kind, int fd) = 0;
  virtual void forget_other(int fd) = 0;
  virtual void wait(core::Nanos deadline) = 0;
  // Calls the handlers for all that wait() has brought.
  virtual void deliver() = 0;

  const Stream* find(StreamId id) const {
    if (id.generation == 0 || id.slot >= streams_.size()) return nullptr;
    const Stream& stream = streams_[id.slot];
    return stream.generation == id.generation && stream.handler != nullptr ? &stream : nullptr;
  }
  Stream* find(StreamId id) {
    return const_cast<Stream*>(static_cast<const StreamLoop*>(this)->find(id));
  }

  // For the loops, when something has happened. These call handlers.
  bool finish_connect(StreamId id, Stream& stream);  // false: it failed, the stream is gone
  void received(StreamId id, Stream& stream, std::span<char> bytes);
  void ended(StreamId id, Stream& stream);  // there is no more to receive
  void read_from(StreamId id, Stream& stream);
  void end_stream(StreamId id, CloseReason reason, int error);
  void on_other(Other kind, int fd);

  // These call none.
  void send_now(StreamId id, Stream& stream);
  void release_output(Stream& stream);
  void seal_output(Stream& stream);

 private:
  struct Handshake {
    StreamId stream;
    core::Nanos due_ns;
  };
  struct Listener {
    AcceptHandler* handler;
    std::uint64_t tag;
  };

  StreamId add_stream(core::Fd fd, StreamHandler& handler, std::uint64_t tag);
  void remove_stream(Stream& stream, CloseMode mode);
  void mark_dirty(StreamId id, Stream& stream);
  void take_buffer(std::string& buffer);
  void release_buffer(std::string& buffer);
  void flush_dirty();
  void end_reading(StreamId id, Stream& stream);
  void accept_from(int fd);
  void refuse_one(int fd);

  // TLS (stream_tls.cc)
  void add_tls(StreamId id, const TlsContext& context);
  void begin_tls(StreamId id, Stream& stream);
  void seal_end(Stream& stream);
  void open_input(StreamId id, Stream& stream, std::span<const char> received);
  void fail_tls(StreamId id, int error);
  void end_slow_handshakes();

  LoopLimits limits_;
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
};

}  // namespace gauntlet::net
