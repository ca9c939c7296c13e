#include "net/stream_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace gauntlet::net {
namespace {

constexpr std::size_t kAcceptsPerTurn = 256;
// Output buffers kept for reuse; one larger than this is freed instead of kept.
constexpr std::size_t kSpareBuffersMax = 64;
constexpr std::size_t kSpareBufferBytesMax = 256 * 1024;

}  // namespace

StreamLoop::StreamLoop(LoopLimits limits)
    : limits_(limits), now_(core::monotonic_ns()), read_buffer_(kReadBufferBytes + kReadPadding) {}

StreamId StreamLoop::add_stream(core::Fd fd, StreamHandler& handler, std::uint64_t tag) {
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(streams_.size());
    streams_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  Stream& stream = streams_[slot];
  stream.fd = std::move(fd);
  stream.handler = &handler;
  stream.tag = tag;
  return {slot, stream.generation};
}

void StreamLoop::remove_stream(Stream& stream, CloseMode mode) {
  if (stream.fd.valid()) let_go(stream, mode);
  const std::uint32_t next = (stream.generation + 1) & kGenerationMask;
  stream.out.clear();
  release_output(stream);
  stream = Stream{};  // closes the descriptor
  stream.generation = next == 0 ? 1 : next;
  free_slots_.push_back(static_cast<std::uint32_t>(&stream - streams_.data()));
}

StreamId StreamLoop::connect(const Endpoint& to, StreamHandler& handler, std::uint64_t tag,
                             const Endpoint* source, const TlsContext* tls) {
  core::Fd socket(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  int error = socket.valid() ? 0 : errno;
  if (error == 0 && !to.is_unix()) {
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (source != nullptr) {
      // Lets the kernel choose the port at connect(), when it knows the whole 4-tuple.
      setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
      if (::bind(socket.get(), source->address(), source->length()) != 0) error = errno;
    }
  }
  if (error == 0 && ::connect(socket.get(), to.address(), to.length()) != 0 && errno != EINPROGRESS)
    error = errno;
  const StreamId id = add_stream(std::move(socket), handler, tag);
  Stream& stream = streams_[id.slot];
  stream.connecting = true;
  stream.error = error;
  if (tls != nullptr) add_tls(id, *tls);
  if (error != 0) {
    failed_.push_back(id);
  } else {
    expect(id, stream);
  }
  return id;
}

StreamId StreamLoop::adopt(core::Fd socket, StreamHandler& handler, std::uint64_t tag,
                           const TlsContext* tls) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on Unix sockets
  const StreamId id = add_stream(std::move(socket), handler, tag);
  if (tls != nullptr) add_tls(id, *tls);
  expect(id, streams_[id.slot]);
  return id;
}

void StreamLoop::listen(int listening_fd, AcceptHandler& handler, std::uint64_t tag) {
  listeners_[listening_fd] = {&handler, tag};
  expect_other(Other::listener, listening_fd);
}

void StreamLoop::stop_listening(int listening_fd) {
  if (listeners_.erase(listening_fd) > 0) forget_other(listening_fd);
}

void StreamLoop::watch(int fd, std::function<void()> on_readable) {
  watches_[fd] = std::move(on_readable);
  expect_other(Other::watch, fd);
}

void StreamLoop::unwatch(int fd) {
  if (watches_.erase(fd) > 0) forget_other(fd);
}

void StreamLoop::on_other(Other kind, int fd) {
  if (kind == Other::listener) return accept_from(fd);
  const auto watch = watches_.find(fd);
  if (watch == watches_.end()) return;
  const auto on_readable = watch->second;  // it may unwatch itself
  on_readable();
}

std::string& StreamLoop::output(StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr) {
    scratch_.clear();
    return scratch_;
  }
  std::string& buffer = stream->tls == nullptr ? stream->out : stream->tls->plain();
  take_buffer(buffer);
  mark_dirty(id, *stream);
  return buffer;
}

void StreamLoop::take_buffer(std::string& buffer) {
  if (buffer.capacity() >= sizeof(std::string) || spare_buffers_.empty()) return;
  buffer = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
}

void StreamLoop::mark_dirty(StreamId id, Stream& stream) {
  if (stream.dirty) return;
  stream.dirty = true;
  dirty_.push_back(id);
}

void StreamLoop::flush(StreamId id) {
  Stream* stream = find(id);
  if (stream != nullptr && !stream->connecting && !stream->blocked) send_output(id, *stream);
}

std::size_t StreamLoop::unsent_bytes(StreamId id) {
  Stream* const stream = find(id);
  if (stream == nullptr) return 0;
  settle(id, *stream);
  const std::size_t unsealed = stream->tls == nullptr ? 0 : stream->tls->plain().size();
  return unsealed + stream->out.size() - stream->sent;
}

void StreamLoop::pause_reading(StreamId id, bool paused) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->paused == paused) return;
  stream->paused = paused;
  expect(id, *stream);
}

void StreamLoop::hand_over(StreamId id, StreamHandler& handler, std::uint64_t tag) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->handler = &handler;
  stream->tag = tag;
}

void StreamLoop::end_output(StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->connecting) return;
  if (stream->tls != nullptr) {
    seal_end(*stream);
    if (!stream->blocked) send_output(id, *stream);
  }
  settle(id, *stream);
  ::shutdown(stream->fd.get(), SHUT_WR);
}

void StreamLoop::close(StreamId id, CloseMode mode) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  if (mode == CloseMode::reset) {
    const linger abort_now{.l_onoff = 1, .l_linger = 0};
    setsockopt(stream->fd.get(), SOL_SOCKET, SO_LINGER, &abort_now, sizeof abort_now);
  } else if (!stream->connecting) {
    if (stream->tls != nullptr) seal_end(*stream);
    if (stream->out.size() > stream->sent)
      (void)::send(stream->fd.get(), stream->out.data() + stream->sent,
                   stream->out.size() - stream->sent, MSG_NOSIGNAL);
  }
  remove_stream(*stream, mode);
}

// Sends what is written; keeps the rest until there is room. A broken stream is left to its read
// event, which tells the handler with the kernel's own reason.
void StreamLoop::send_now(StreamId id, Stream& stream) {
  if (stream.tls != nullptr) seal_output(stream);
  while (stream.sent < stream.out.size()) {
    const ssize_t n = ::send(stream.fd.get(), stream.out.data() + stream.sent,
                             stream.out.size() - stream.sent, MSG_NOSIGNAL);
    if (n >= 0) {
      stream.sent += static_cast<std::size_t>(n);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      stream.blocked = true;
      expect(id, stream);
      return;
    }
    stream.sent = stream.out.size();
  }
  release_output(stream);
}

void StreamLoop::release_output(Stream& stream) {
  stream.sent = 0;
  release_buffer(stream.out);
}

void StreamLoop::release_buffer(std::string& buffer) {
  buffer.clear();
  const std::size_t capacity = buffer.capacity();
  if (capacity < sizeof(std::string)) return;
  if (spare_buffers_.size() < kSpareBuffersMax && capacity <= kSpareBufferBytesMax)
    spare_buffers_.push_back(std::move(buffer));
  std::string().swap(buffer);  // assigning an empty string would keep the capacity
}

void StreamLoop::flush_dirty() {
  flushing_.swap(dirty_);
  for (const StreamId id : flushing_) {
    Stream* stream = find(id);
    if (stream == nullptr) continue;
    stream->dirty = false;
    if (!stream->connecting && !stream->blocked) send_output(id, *stream);
  }
  flushing_.clear();
}

void StreamLoop::turn(core::Nanos deadline) {
  flush_dirty();
  if (!handshakes_.empty()) deadline = std::min(deadline, handshakes_.front().due_ns);
  wait(failed_.empty() ? deadline : 0);
  now_ = core::monotonic_ns();
  std::vector<StreamId> failed;
  failed.swap(failed_);
  for (const StreamId id : failed)
    if (const Stream* stream = find(id)) end_stream(id, CloseReason::connect_failed, stream->error);
  deliver();
  if (!handshakes_.empty()) end_slow_handshakes();
}

bool StreamLoop::finish_connect(StreamId id, Stream& stream) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(stream.fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) {
    end_stream(id, CloseReason::connect_failed, error);
    return false;
  }
  stream.connecting = false;
  expect(id, stream);
  if (stream.tls != nullptr) {
    begin_tls(id, stream);
    return true;
  }
  stream.handler->on_connected(id, stream.tag);
  flush(id);
  return true;
}

void StreamLoop::received(StreamId id, Stream& stream, std::span<char> bytes) {
  if (stream.tls != nullptr) return open_input(id, stream, bytes);
  stream.handler->on_data(id, stream.tag, bytes);
  flush(id);
}

void StreamLoop::ended(StreamId id, Stream& stream) {
  if (stream.tls != nullptr && !stream.half_closed)
    return fail_tls(id, ECONNRESET);  // without close_notify the end may have been forged
  end_reading(id, stream);
}

void StreamLoop::read_from(StreamId id, Stream& stream) {
  const ssize_t n = ::recv(stream.fd.get(), read_buffer_.data(), kReadBufferBytes, 0);
  if (n > 0) {
    received(id, stream, {read_buffer_.data(), static_cast<std::size_t>(n)});
  } else if (n == 0) {
    ended(id, stream);
  } else if (errno != EAGAIN && errno != EINTR) {
    end_stream(id, CloseReason::reset, errno);
  }
}

// A stream that is half-closed already comes here again once it is closed whole.
void StreamLoop::end_reading(StreamId id, Stream& stream) {
  if (stream.half_closed || !stream.handler->on_half_closed(id, stream.tag)) {
    if (find(id) != nullptr) end_stream(id, CloseReason::peer_closed, 0);
    return;
  }
  Stream* const open = find(id);
  if (open == nullptr) return;
  open->half_closed = true;
  expect(id, *open);
  flush(id);
}

void StreamLoop::end_stream(StreamId id, CloseReason reason, int error) {
  Stream& stream = streams_[id.slot];
  if (!stream.connecting) settle(id, stream);
  StreamHandler* const handler = stream.handler;
  const std::uint64_t tag = stream.tag;
  remove_stream(stream, CloseMode::orderly);
  handler->on_closed(id, tag, reason, error);
}

void StreamLoop::accept_from(int fd) {
  for (std::size_t i = 0; i < kAcceptsPerTurn; ++i) {
    const auto listener = listeners_.find(fd);
    if (listener == listeners_.end()) return;
    core::Fd socket(accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.valid()) {
      if (errno == EMFILE || errno == ENFILE) refuse_one(fd);
      return;
    }
    listener->second.handler->on_accepted(std::move(socket), listener->second.tag);
  }
}

// Out of descriptors: gives up the reserved one to take the connection and close it at once, so
// that the peer learns of the refusal and the listener does not stay readable for ever.
void StreamLoop::refuse_one(int fd) {
  reserve_.reset();
  core::Fd(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)).reset();
  reserve_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace gauntlet::net
