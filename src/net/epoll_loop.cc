#include "net/epoll_loop.h"

#include <sys/epoll.h>

#include <ctime>

#include "core/check.h"

namespace gauntlet::net {
namespace {

// What an epoll event belongs to, in the upper bits of its 64-bit data.
enum class EventKind : std::uint64_t { stream, listener, watch };

std::uint64_t event_data(EventKind kind, std::uint32_t low, std::uint32_t generation = 0) {
  return (static_cast<std::uint64_t>(kind) << 62) | (static_cast<std::uint64_t>(generation) << 32) |
         low;
}

timespec to_timespec(core::Nanos ns) {
  return {.tv_sec = ns / core::kSecond, .tv_nsec = ns % core::kSecond};
}

}  // namespace

EpollLoop::EpollLoop(LoopLimits limits) : StreamLoop(limits), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  GAUNTLET_CHECK(epoll_.valid());
}

void EpollLoop::expect_other(Other kind, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {}};
  event.data.u64 = event_data(kind == Other::listener ? EventKind::listener : EventKind::watch,
                              static_cast<std::uint32_t>(fd));
  GAUNTLET_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void EpollLoop::forget_other(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void EpollLoop::expect(StreamId id, Stream& stream) {
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

void EpollLoop::wait(core::Nanos deadline) {
  const core::Nanos left = deadline - core::monotonic_ns();
  const timespec timeout = to_timespec(left > 0 ? left : 0);
  event_count_ = epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                              &timeout, nullptr);
  if (event_count_ < 0) event_count_ = 0;  // EINTR: signals are handled through signalfd
}

void EpollLoop::deliver() {
  for (int i = 0; i < event_count_; ++i) deliver(events_[static_cast<std::size_t>(i)]);
}

void EpollLoop::deliver(const epoll_event& event) {
  const std::uint64_t data = event.data.u64;
  const auto low = static_cast<std::uint32_t>(data);
  switch (static_cast<EventKind>(data >> 62)) {
    case EventKind::stream:
      return on_stream_event({low, static_cast<std::uint32_t>(data >> 32) & kGenerationMask},
                             event.events);
    case EventKind::listener: return on_other(Other::listener, static_cast<int>(low));
    case EventKind::watch: return on_other(Other::watch, static_cast<int>(low));
  }
}

void EpollLoop::on_stream_event(StreamId id, std::uint32_t events) {
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
    if (!stream->blocked) expect(id, *stream);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_from(id, *stream);
}

}  // namespace gauntlet::net
