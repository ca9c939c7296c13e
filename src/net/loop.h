// Loop: the one seam between Gauntlet and the kernel's network. One loop a thread drives all its
// streams, listeners and watched descriptors. Behind it stand epoll (epoll_loop.h) and, where the
// kernel has it, io_uring (uring_loop.h).
//
// A turn: flush what was written, wait, deliver what happened. What a handler writes while it
// handles a stream's data leaves in one send when it returns; what it writes to other streams, or
// between turns, leaves in one send each at the start of the next turn, or at flush().
//
// A stream given a TlsContext speaks TLS; its handler reads and writes plain bytes. A peer that
// speaks it badly, or ends without close_notify, is a stream that was reset (EPROTO, ECONNRESET;
// EKEYREJECTED: its certificate is not trusted); a handshake that takes too long is ETIMEDOUT.
//
// Virtual calls happen per I/O event, never per message. Every member belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/fd.h"
#include "core/result.h"
#include "net/endpoint.h"
#include "net/tls_context.h"

namespace gauntlet::net {

// As many readable bytes follow every span given to on_data (wire::kReadPadding relies on it).
inline constexpr std::size_t kReadPadding = 64;

// Names a stream; a stale id (its stream is gone) is recognised and ignored by every member.
struct StreamId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // 0: no stream

  explicit operator bool() const { return generation != 0; }
  bool operator==(const StreamId&) const = default;
};

enum class CloseReason : std::uint8_t {
  peer_closed,     // orderly end of the peer's stream
  reset,           // ECONNRESET, EPIPE or another error of an open stream
  connect_failed,  // refused, unreachable, no free port
};

// Owner of streams. One handler may own many; `tag` is the number given when a stream was made.
class StreamHandler {
 public:
  virtual void on_connected(StreamId stream, std::uint64_t tag) = 0;
  // The handler may change the bytes; they are gone when it returns.
  virtual void on_data(StreamId stream, std::uint64_t tag, std::span<char> bytes) = 0;
  // The peer has sent its last byte (FIN). True: the stream stays open for writing, until close()
  // or on_closed; false: on_closed(peer_closed) follows at once.
  virtual bool on_half_closed(StreamId, std::uint64_t) { return false; }
  // Told once of every end that close() did not order; the stream is gone already.
  // `error` is the errno behind it (0 for an orderly end).
  virtual void on_closed(StreamId stream, std::uint64_t tag, CloseReason reason, int error) = 0;

 protected:
  ~StreamHandler() = default;
};

class AcceptHandler {
 public:
  virtual void on_accepted(core::Fd socket, std::uint64_t tag) = 0;

 protected:
  ~AcceptHandler() = default;
};

enum class CloseMode : std::uint8_t {
  orderly,  // what was written is still sent if the socket takes it now, then FIN
  reset,    // RST (SO_LINGER 0); what was written is dropped
};

struct LoopLimits {
  core::Nanos handshake_ns = 10 * core::kSecond;  // from a TLS stream's beginning to its first data
};

class Loop {
 public:
  virtual ~Loop() = default;

  // Begins a connection; on_connected or on_closed(connect_failed) follows from a later turn; with
  // TLS, once the handshake is done.
  // `source` (optional, IPv4) spreads connections over source addresses.
  virtual StreamId connect(const Endpoint& to, StreamHandler& handler, std::uint64_t tag,
                           const Endpoint* source = nullptr, const TlsContext* tls = nullptr) = 0;
  // Takes an open stream socket (accepted, or one end of a socket pair). With TLS it is the
  // server's end; what is written waits for the handshake.
  virtual StreamId adopt(core::Fd socket, StreamHandler& handler, std::uint64_t tag,
                         const TlsContext* tls = nullptr) = 0;
  // The descriptor must be listening; the caller keeps it open as long as the loop listens.
  virtual void listen(int listening_fd, AcceptHandler& handler, std::uint64_t tag) = 0;
  virtual void stop_listening(int listening_fd) = 0;

  // The stream's output buffer: append to it, never shorten it. Valid until the next call.
  // For a stale id: a scratch buffer that goes nowhere.
  virtual std::string& output(StreamId stream) = 0;
  // Sends a stream's output now instead of at the next turn; the loop may gather the sends of some
  // streams first, which only the clock can tell.
  virtual void flush(StreamId stream) = 0;
  // Bytes that the socket has not taken yet.
  virtual std::size_t unsent_bytes(StreamId stream) = 0;
  // Back-pressure: while paused a stream's data stays in the kernel.
  virtual void pause_reading(StreamId stream, bool paused) = 0;
  // From now on the stream belongs to another handler, under another tag.
  virtual void hand_over(StreamId stream, StreamHandler& handler, std::uint64_t tag) = 0;
  // FIN, before it close_notify over TLS: reading goes on, nothing more may be written. For a
  // stream that has nothing unsent: what the socket does not take now is lost.
  virtual void end_output(StreamId stream) = 0;
  // The handler is not told.
  virtual void close(StreamId stream, CloseMode mode) = 0;
  virtual bool is_open(StreamId stream) const = 0;
  // The descriptor behind a stream, for socket options; -1 for a stale id.
  virtual int native_fd(StreamId stream) const = 0;

  // Any other readable descriptor (pidfd, signalfd, eventfd): control plane.
  virtual void watch(int fd, std::function<void()> on_readable) = 0;
  virtual void unwatch(int fd) = 0;

  // One turn; waits at most until `deadline` (monotonic; a time already past: do not wait).
  virtual void turn(core::Nanos deadline) = 0;

  // The time of this turn, read once after waiting.
  virtual core::Nanos now() const = 0;

  // "epoll", "io_uring"
  virtual std::string_view backend() const = 0;
};

enum class Io : std::uint8_t { automatic, epoll, io_uring };  // automatic: see docs/performance.md

// "auto", "epoll", "io_uring".
core::Result<Io> parse_io(std::string_view text);
std::string_view name_of(Io io);
// Error (usage): io_uring was asked for, and the kernel does not let us have it.
core::Result<void> check_io(Io io);

// A loop for the calling process: whoever forks makes its loops afterwards. Throws where io_uring
// was asked for and cannot be had.
std::unique_ptr<Loop> make_loop(Io io = Io::automatic, LoopLimits limits = {});

}  // namespace gauntlet::net
