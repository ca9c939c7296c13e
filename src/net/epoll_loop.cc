#include "net/epoll_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace gauntlet::net {
namespace {

constexpr std::size_t kAcceptsPerTurn = 256;
// Output buffers kept for reuse; one larger than this is freed instead of kept.
constexpr std::size_t kSpareBuffersMax = 64;
constexpr std::size_t kSpareBufferBytesMax = 256 * 1024;

// What an epoll event belongs to, in the upper bits of its 64-bit data.
enum class EventKind : std::uint64_t { stream, listener, watch };

std::uint64_t event_data(EventKind kind, std::uint32_t low, std::uint32_t generation = 0) {
  return (static_cast<std::uint64_t>(kind) << 62) |
         (static_cast<std::uint64_t>(generation & 0x3FFFFFFF) << 32) | low;
}

timespec to_timespec(core::Nanos ns) {
  return {.tv_sec = ns / core::kSecond, .tv_nsec = ns % core::kSecond};
}

}  // namespace

StreamId EpollLoop::add_stream(core::Fd fd, StreamHandler& handler, std::uint64_t tag) {
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

void EpollLoop::remove_stream(Stream& stream) {
  const std::uint32_t next = (stream.generation + 1) & 0x3FFFFFFF;
  stream.out.clear();
  release_output(stream);
  stream = Stream{};  // closes the descriptor, which also takes it out of epoll
  stream.generation = next == 0 ? 1 : next;
  free_slots_.push_back(static_cast<std::uint32_t>(&stream - streams_.data()));
}

StreamId EpollLoop::connect(const Endpoint& to, StreamHandler& handler, std::uint64_t tag,
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
    set_interest(id, stream);
  }
  return id;
}

StreamId EpollLoop::adopt(core::Fd socket, StreamHandler& handler, std::uint64_t tag,
                          const TlsContext* tls) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on Unix sockets
  const StreamId id = add_stream(std::move(socket), handler, tag);
  if (tls != nullptr) add_tls(id, *tls);
  set_interest(id, streams_[id.slot]);
  return id;
}

void EpollLoop::listen(int listening_fd, AcceptHandler& handler, std::uint64_t tag) {
  listeners_[listening_fd] = {&handler, tag};
  epoll_event event{.events = EPOLLIN, .data = {}};
  event.data.u64 = event_data(EventKind::listener, static_cast<std::uint32_t>(listening_fd));
  GAUNTLET_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listening_fd, &event) == 0);
}

void EpollLoop::stop_listening(int listening_fd) {
  if (listeners_.erase(listening_fd) > 0)
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listening_fd, nullptr);
}

void EpollLoop::watch(int fd, std::function<void()> on_readable) {
  watches_[fd] = std::move(on_readable);
  epoll_event event{.events = EPOLLIN, .data = {}};
  event.data.u64 = event_data(EventKind::watch, static_cast<std::uint32_t>(fd));
  GAUNTLET_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void EpollLoop::unwatch(int fd) {
  if (watches_.erase(fd) > 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::string& EpollLoop::output(StreamId id) {
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

void EpollLoop::take_buffer(std::string& buffer) {
  if (buffer.capacity() >= sizeof(std::string) || spare_buffers_.empty()) return;
  buffer = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
}

void EpollLoop::mark_dirty(StreamId id, Stream& stream) {
  if (stream.dirty) return;
  stream.dirty = true;
  dirty_.push_back(id);
}

void EpollLoop::flush(StreamId id) {
  Stream* stream = find(id);
  if (stream != nullptr && !stream->connecting && !stream->blocked) send_output(id, *stream);
}

std::size_t EpollLoop::unsent_bytes(StreamId id) const {
  const Stream* stream = find(id);
  if (stream == nullptr) return 0;
  const std::size_t unsealed = stream->tls == nullptr ? 0 : stream->tls->plain().size();
  return unsealed + stream->out.size() - stream->sent;
}

void EpollLoop::pause_reading(StreamId id, bool paused) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->paused == paused) return;
  stream->paused = paused;
  set_interest(id, *stream);
}

void EpollLoop::hand_over(StreamId id, StreamHandler& handler, std::uint64_t tag) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->handler = &handler;
  stream->tag = tag;
}

void EpollLoop::end_output(StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->connecting) return;
  if (stream->tls != nullptr) {
    seal_end(*stream);
    if (!stream->blocked) send_output(id, *stream);
  }
  ::shutdown(stream->fd.get(), SHUT_WR);
}

void EpollLoop::close(StreamId id, CloseMode mode) {
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
  remove_stream(*stream);
}

void EpollLoop::set_interest(StreamId id, Stream& stream) {
  std::uint32_t wanted = 0;
  if (stream.connecting || stream.blocked) wanted |= EPOLLOUT;
  if (!stream.connecting && !stream.paused && !stream.half_closed) wanted |= EPOLLIN;
  if (stream.registered && wanted == stream.interest) return;
  epoll_event event{.events = wanted, .data = {}};
  event.data.u64 = event_data(EventKind::stream, id.slot, id.generation);
  const int operation = stream.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  GAUNTLET_CHECK(epoll_ctl(epoll_.get(), operation, stream.fd.get(), &event) == 0);
  stream.registered = true;
  stream.interest = wanted;
}

// Sends what is written; keeps the rest for EPOLLOUT. A broken stream is left to its read event,
// which tells the handler with the kernel's own reason.
void EpollLoop::send_output(StreamId id, Stream& stream) {
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
      set_interest(id, stream);
      return;
    }
    stream.sent = stream.out.size();
  }
  release_output(stream);
}

void EpollLoop::release_output(Stream& stream) {
  stream.sent = 0;
  release_buffer(stream.out);
}

void EpollLoop::release_buffer(std::string& buffer) {
  buffer.clear();
  const std::size_t capacity = buffer.capacity();
  if (capacity < sizeof(std::string)) return;
  if (spare_buffers_.size() < kSpareBuffersMax && capacity <= kSpareBufferBytesMax)
    spare_buffers_.push_back(std::move(buffer));
  std::string().swap(buffer);  // assigning an empty string would keep the capacity
}

void EpollLoop::flush_dirty() {
  flushing_.swap(dirty_);
  for (const StreamId id : flushing_) {
    Stream* stream = find(id);
    if (stream == nullptr) continue;
    stream->dirty = false;
    if (!stream->connecting && !stream->blocked) send_output(id, *stream);
  }
  flushing_.clear();
}

void EpollLoop::turn(core::Nanos deadline) {
  flush_dirty();
  if (!handshakes_.empty()) deadline = std::min(deadline, handshakes_.front().due_ns);
  wait(failed_.empty() ? deadline : 0);
  now_ = core::monotonic_ns();
  std::vector<StreamId> failed;
  failed.swap(failed_);
  for (const StreamId id : failed)
    if (const Stream* stream = find(id)) end_stream(id, CloseReason::connect_failed, stream->error);
  for (int i = 0; i < event_count_; ++i) deliver(events_[static_cast<std::size_t>(i)]);
  if (!handshakes_.empty()) end_slow_handshakes();
}

void EpollLoop::wait(core::Nanos deadline) {
  const core::Nanos left = deadline - core::monotonic_ns();
  const timespec timeout = to_timespec(left > 0 ? left : 0);
  event_count_ = epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                              &timeout, nullptr);
  if (event_count_ < 0) event_count_ = 0;  // EINTR: signals are handled through signalfd
}

void EpollLoop::deliver(const epoll_event& event) {
  const std::uint64_t data = event.data.u64;
  const auto low = static_cast<std::uint32_t>(data);
  switch (static_cast<EventKind>(data >> 62)) {
    case EventKind::stream:
      on_stream_event(low, static_cast<std::uint32_t>(data >> 32) & 0x3FFFFFFF, event.events);
      return;
    case EventKind::listener: accept_from(static_cast<int>(low)); return;
    case EventKind::watch: {
      const auto watch = watches_.find(static_cast<int>(low));
      if (watch == watches_.end()) return;
      const auto on_readable = watch->second;  // it may unwatch itself
      on_readable();
      return;
    }
  }
}

void EpollLoop::on_stream_event(std::uint32_t slot, std::uint32_t generation,
                                std::uint32_t events) {
  const StreamId id{slot, generation};
  Stream* stream = find(id);
  if (stream == nullptr) return;  // closed earlier in this turn
  if (stream->connecting) {
    if (!finish_connect(id, *stream)) return;
    stream = find(id);
    if (stream == nullptr) return;
  }
  if ((events & EPOLLOUT) != 0 && stream->blocked) {
    stream->blocked = false;
    send_output(id, *stream);
    if (!stream->blocked) set_interest(id, *stream);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_from(id, *stream);
}

bool EpollLoop::finish_connect(StreamId id, Stream& stream) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(stream.fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) {
    end_stream(id, CloseReason::connect_failed, error);
    return false;
  }
  stream.connecting = false;
  set_interest(id, stream);
  if (stream.tls != nullptr) {
    begin_tls(id, stream);
    return true;
  }
  stream.handler->on_connected(id, stream.tag);
  flush(id);
  return true;
}

void EpollLoop::read_from(StreamId id, Stream& stream) {
  const ssize_t n = ::recv(stream.fd.get(), read_buffer_.data(), kReadBufferBytes, 0);
  if (n > 0 && stream.tls != nullptr) {
    open_input(id, stream, {read_buffer_.data(), static_cast<std::size_t>(n)});
  } else if (n > 0) {
    stream.handler->on_data(id, stream.tag, {read_buffer_.data(), static_cast<std::size_t>(n)});
    flush(id);
  } else if (n == 0 && stream.tls != nullptr && !stream.half_closed) {
    fail_tls(id, ECONNRESET);  // without close_notify the end may have been forged
  } else if (n == 0) {
    end_reading(id, stream);
  } else if (errno != EAGAIN && errno != EINTR) {
    end_stream(id, CloseReason::reset, errno);
  }
}

// A stream that is half-closed already comes here again once it is closed whole.
void EpollLoop::end_reading(StreamId id, Stream& stream) {
  if (stream.half_closed || !stream.handler->on_half_closed(id, stream.tag)) {
    if (find(id) != nullptr) end_stream(id, CloseReason::peer_closed, 0);
    return;
  }
  Stream* const open = find(id);
  if (open == nullptr) return;
  open->half_closed = true;
  set_interest(id, *open);
  flush(id);
}

void EpollLoop::end_stream(StreamId id, CloseReason reason, int error) {
  Stream& stream = streams_[id.slot];
  StreamHandler* const handler = stream.handler;
  const std::uint64_t tag = stream.tag;
  remove_stream(stream);
  handler->on_closed(id, tag, reason, error);
}

void EpollLoop::accept_from(int fd) {
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
void EpollLoop::refuse_one(int fd) {
  reserve_.reset();
  core::Fd(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)).reset();
  reserve_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

std::unique_ptr<Loop> make_loop(LoopLimits limits) { return std::make_unique<EpollLoop>(limits); }

}  // namespace gauntlet::net
