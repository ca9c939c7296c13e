#include "net/uring_loop.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>

#include "core/check.h"

namespace gauntlet::net {
namespace {

// The queue of requests is a batch, and is handed over when it is full.
constexpr unsigned kRequests = 1024;
// A turn brings a completion a ready stream at most a few times; what does not fit waits in the
// kernel (IORING_FEAT_NODROP) and is fetched at once.
constexpr unsigned kCompletions = 16 * 1024;
// So many sends are not kept waiting for the end of the turn.
constexpr std::size_t kSendsAtOnce = 32;
// Rounds in which a cancelled request must come to its end; each sees twenty of them or more.
constexpr int kCancelRoundsMax = 10'000;

constexpr unsigned kAboutShift = 61;

}  // namespace

// In a thread of its own: when a ring ends, the kernel interrupts the system call that its maker is
// in, and one with a time limit then fails (EINTR).
UringLoop::Ring::Ring() {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
  params.cq_entries = kCompletions;
  int error = 0;
  std::thread([&] { error = io_uring_queue_init_params(kRequests, &ring, &params); }).join();
  if (error != 0) throw std::system_error(-error, std::generic_category(), "io_uring_setup");
}

UringLoop::UringLoop(LoopLimits limits) : StreamLoop(limits) {}

// The kernel ends a ring's requests some time after it is closed; ours are over before that, and
// their sockets closed. Those of a thread that has ended are over already.
UringLoop::~UringLoop() {
  if (enabled_ && under_way_ > 0) end_all();
}

void UringLoop::end_all() {
  io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) return;
  io_uring_prep_cancel64(entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
  entry->user_data = 0;
  for (int i = 0; i < kCancelRoundsMax && under_way_ > 0; ++i) {
    if (io_uring_submit_and_get_events(&ring_) < 0) return;
    reap();
  }
}

std::uint64_t UringLoop::data_of(About about, std::uint32_t low, std::uint32_t high) {
  return (static_cast<std::uint64_t>(about) << kAboutShift) |
         (static_cast<std::uint64_t>(high & kGenerationMask) << 32) | low;
}

void UringLoop::enable() {
  if (enabled_) return;
  // What io_uring_enable_rings() does, which liburing 2.3 declares and does not export.
  GAUNTLET_CHECK(io_uring_register(static_cast<unsigned>(ring_.ring_fd),
                                   IORING_REGISTER_ENABLE_RINGS, nullptr, 0) == 0);
  enabled_ = true;
}

io_uring_sqe& UringLoop::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    submit();
    entry = io_uring_get_sqe(&ring_);
  }
  GAUNTLET_CHECK(entry != nullptr);
  return *entry;
}

// All of them: a send may not stay behind, since its buffer would not stay in place.
void UringLoop::submit() {
  enable();
  while (io_uring_sq_ready(&ring_) > 0) {
    const int result = io_uring_submit(&ring_);
    if (result == -EBUSY) reap();
    GAUNTLET_CHECK(result >= 0 || result == -EBUSY || result == -EAGAIN || result == -EINTR);
  }
}

// The kernel always tells of POLLRDHUP, too. Where that may stay set, only `each` change is told,
// or it would be told for ever.
void UringLoop::poll(int fd, short events, std::uint64_t data, bool each) {
  io_uring_sqe& entry = next_entry();
  (each ? io_uring_prep_poll_multishot : io_uring_prep_poll_add)(&entry, fd,
                                                                 static_cast<unsigned>(events));
  entry.user_data = data;
  ++under_way_;
}

void UringLoop::cancel(std::uint64_t data) {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_cancel64(&entry, data, 0);
  entry.user_data = 0;
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void UringLoop::expect(StreamId id, Stream& stream) {
  if (!stream.paused && !stream.held.empty()) resumed_.push_back(id);
  if (stream.listed) return;
  stream.listed = true;
  expecting_.push_back(id);
}

// A stream that is not received from is polled for its end alone, as epoll always does.
void UringLoop::ask_as_expected() {
  for (const StreamId id : expecting_) {
    Stream* const stream = find(id);
    if (stream == nullptr) continue;
    stream->listed = false;
    const bool reads = !stream->connecting && !stream->paused && !stream->half_closed;
    if (reads && !stream->receiving && stream->held.empty()) ask_for_input(id, *stream);
    if (!reads && stream->receiving && !stream->cancelling) {
      cancel(data_of(About::input, id));
      stream->cancelling = true;
    }
    if ((stream->connecting || stream->blocked) && !stream->awaits_room) {
      poll(stream->fd.get(), POLLOUT, data_of(About::room, id), stream->blocked);
      stream->awaits_room = true;
    }
    if (!reads && !stream->connecting && !stream->receiving && !stream->awaits_end) {
      poll(stream->fd.get(), 0, data_of(About::end, id), true);
      stream->awaits_end = true;
    }
  }
  expecting_.clear();
}

void UringLoop::ask_for_input(StreamId id, Stream& stream) {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_recv_multishot(&entry, stream.fd.get(), nullptr, 0, 0);
  entry.flags |= IOSQE_BUFFER_SELECT;
  entry.buf_group = UringBuffers::kGroup;
  entry.user_data = data_of(About::input, id);
  stream.receiving = true;
  stream.cancelling = false;
  ++under_way_;
}

void UringLoop::send_output(StreamId id, Stream& stream) {
  if (stream.queued) return;
  const bool has_plain = stream.tls != nullptr && !stream.tls->plain().empty();
  if (stream.out.size() == stream.sent && !has_plain) return;
  stream.queued = true;
  queued_.push_back(id);
  if (queued_.size() >= kSendsAtOnce) push_sends();
}

void UringLoop::settle(StreamId id, Stream& stream) {
  if (!stream.queued) return;
  stream.queued = false;
  send_now(id, stream);
}

void UringLoop::push_sends() {
  prepare_sends();
  submit();
  reap();
  finish_sends();
}

// MSG_DONTWAIT: tried at once, within the call that submits it. MSG_WAITALL: whatever is not sent
// in full is a failure, the only outcome that posts a completion.
void UringLoop::prepare_sends() {
  for (const StreamId id : queued_) {
    Stream* const stream = find(id);
    if (stream == nullptr || !stream->queued) continue;
    stream->queued = false;
    if (stream->tls != nullptr) seal_output(*stream);
    if (stream->out.size() == stream->sent) continue;
    io_uring_sqe& entry = next_entry();
    io_uring_prep_send(&entry, stream->fd.get(), stream->out.data() + stream->sent,
                       stream->out.size() - stream->sent,
                       MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry.user_data = data_of(About::send, id);
    stream->sending = true;
    sending_.push_back(id);
  }
  queued_.clear();
}

// After reap(): who was not heard of has been sent.
void UringLoop::finish_sends() {
  for (const StreamId id : sending_) {
    Stream* const stream = find(id);
    GAUNTLET_CHECK(stream != nullptr);
    if (!stream->sending) continue;
    stream->sending = false;
    release_output(*stream);
  }
  sending_.clear();
}

// As in send_now(): a broken stream is left to its receive.
void UringLoop::on_short_send(StreamId id, std::int32_t result) {
  Stream* const stream = find(id);
  if (stream == nullptr || !stream->sending) return;
  if (result < 0 && result != -EAGAIN && result != -EINTR) return;
  stream->sending = false;
  stream->sent += static_cast<std::size_t>(std::max(result, 0));
  stream->blocked = true;
  expect(id, *stream);
}

void UringLoop::let_go(Stream& stream, CloseMode mode) {
  if (!stream.receiving && !stream.awaits_room && !stream.awaits_end) return;
  // A socket that is disconnected sends its RST at once, whoever still holds it.
  const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
  if (mode == CloseMode::reset && ::connect(stream.fd.get(), &nowhere, sizeof nowhere) == 0) return;
  ::shutdown(stream.fd.get(), SHUT_RDWR);
}

void UringLoop::expect_other(Other kind, int fd) {
  serial_ = (serial_ + 1) & kGenerationMask;
  polled_[fd] = {serial_, true};
  poll_other(kind, fd, serial_);
}

void UringLoop::poll_other(Other kind, int fd, std::uint32_t serial) {
  const About about = kind == Other::listener ? About::listener : About::watch;
  poll(fd, POLLIN, data_of(about, static_cast<std::uint32_t>(fd), serial), false);
}

void UringLoop::forget_other(int fd) {
  const auto entry = polled_.find(fd);
  GAUNTLET_CHECK(entry != polled_.end());
  const Polled polled = entry->second;
  polled_.erase(entry);
  if (!polled.armed) return;
  const auto low = static_cast<std::uint32_t>(fd);
  const std::uint64_t as_listener = data_of(About::listener, low, polled.serial);
  const std::uint64_t as_watch = data_of(About::watch, low, polled.serial);
  if (has_completed(as_listener) || has_completed(as_watch)) return;
  cancel(as_listener);
  cancel(as_watch);
  enable();
  for (int i = 0; i < kCancelRoundsMax; ++i) {
    if (io_uring_submit_and_get_events(&ring_) < 0)
      return;  // its thread has ended, and with it all
    reap();
    if (has_completed(as_listener) || has_completed(as_watch)) return;
  }
}

bool UringLoop::has_completed(std::uint64_t data) const {
  return std::ranges::find(completions_, data, &Completion::data) != completions_.end();
}

void UringLoop::wait(core::Nanos deadline) {
  ask_as_expected();
  prepare_sends();
  enable();
  const core::Nanos left = deadline - core::monotonic_ns();
  int result = 0;
  if (left <= 0 || !resumed_.empty() || !completions_.empty()) {
    result = io_uring_submit_and_get_events(&ring_);
  } else {
    __kernel_timespec timeout{.tv_sec = left / core::kSecond, .tv_nsec = left % core::kSecond};
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
  }
  GAUNTLET_CHECK(result != -EEXIST);  // another thread's loop
  submit();                           // what a signal may have left
  reap();
  finish_sends();
}

// Takes all that has completed, so that the queue is empty again, and looks at sends at once.
void UringLoop::reap() {
  do {
    io_uring_cqe* entry = nullptr;
    unsigned head = 0;
    unsigned count = 0;
    io_uring_for_each_cqe(&ring_, head, entry) {
      ++count;
      const Completion completion{entry->user_data, entry->res, entry->flags};
      const auto about = static_cast<About>(completion.data >> kAboutShift);
      if (about == About::send) {
        on_short_send({static_cast<std::uint32_t>(completion.data),
                       static_cast<std::uint32_t>(completion.data >> 32) & kGenerationMask},
                      completion.result);
      } else if (about != About::nothing) {
        under_way_ -= completion.is_last() ? 1 : 0;
        completions_.push_back(completion);
      }
    }
    io_uring_cq_advance(&ring_, count);
  } while (io_uring_cq_has_overflow(&ring_) && io_uring_get_events(&ring_) >= 0);
}

// Handlers may bring more while these are delivered: see push_sends(), forget_other().
void UringLoop::deliver() {
  resuming_.swap(resumed_);
  for (const StreamId id : resuming_) deliver_held(id);
  resuming_.clear();
  for (delivered_ = 0; delivered_ < completions_.size(); ++delivered_)
    deliver(Completion(completions_[delivered_]));
  completions_.clear();
  buffers_.publish();
  if (!queued_.empty()) push_sends();  // what a handler has written leaves within its turn
}

void UringLoop::deliver(const Completion& completion) {
  const auto low = static_cast<std::uint32_t>(completion.data);
  const auto high = static_cast<std::uint32_t>(completion.data >> 32) & kGenerationMask;
  const StreamId id{low, high};
  switch (static_cast<About>(completion.data >> kAboutShift)) {
    case About::input: return on_input(id, completion);
    case About::room: return on_room(id, completion);
    case About::end: return on_end(id, completion);
    case About::listener: return on_readable(Other::listener, static_cast<int>(low), high);
    case About::watch: return on_readable(Other::watch, static_cast<int>(low), high);
    case About::send:
    case About::nothing: return;
  }
}

void UringLoop::on_input(StreamId id, const Completion& completion) {
  Stream* stream = find(id);
  if (stream != nullptr && completion.is_last()) {
    stream->receiving = stream->cancelling = false;
    expect(id, *stream);
  }
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    if (stream != nullptr && completion.result > 0) on_bytes(id, *stream, completion);
    buffers_.give_back(static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT));
    return;
  }
  // No room, a cancelled receive: it is asked for again, if it should be.
  const int error = -completion.result;
  if (stream == nullptr || error == ENOBUFS || error == ECANCELED || error == EINTR ||
      error == EAGAIN)
    return;
  // An end is there to be found again once reading goes on; an error is told once. Over TLS, the
  // end has been told already.
  if (error == 0 && (stream->paused || stream->half_closed || !stream->held.empty())) return;
  if (!stream->held.empty()) deliver_held(id);
  stream = find(id);
  if (stream == nullptr) return;
  if (error == 0) return ended(id, *stream);
  end_stream(id, CloseReason::reset, error);
}

void UringLoop::on_bytes(StreamId id, Stream& stream, const Completion& completion) {
  const auto buffer = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
  const std::span<char> bytes = buffers_.bytes(buffer, static_cast<std::size_t>(completion.result));
  if (stream.half_closed) return;
  if (stream.paused || !stream.held.empty()) {
    stream.held.append(bytes.data(), bytes.size());
  } else {
    received(id, stream, bytes);
  }
}

// What had come before reading was paused.
void UringLoop::deliver_held(StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->paused || stream->held.empty()) return;
  std::string held = std::move(stream->held);
  stream->held.clear();
  const std::size_t size = held.size();
  held.append(kReadPadding, '\0');
  std::size_t done = 0;
  while (stream != nullptr && !stream->paused && done < size) {
    const std::size_t piece = std::min(size - done, kReadBufferBytes);
    received(id, *stream, {held.data() + done, piece});
    done += piece;
    stream = find(id);
  }
  if (stream == nullptr) return;
  if (done < size) stream->held.assign(held, done, size - done);
  expect(id, *stream);
}

void UringLoop::on_room(StreamId id, const Completion& completion) {
  Stream* const stream = find(id);
  if (stream == nullptr) return;
  if (completion.is_last()) stream->awaits_room = false;
  if (stream->connecting) {
    finish_connect(id, *stream);
  } else if (stream->blocked && (completion.result & (POLLOUT | POLLHUP | POLLERR)) != 0) {
    if (!completion.is_last()) cancel(completion.data);
    stream->awaits_room = false;
    stream->blocked = false;
    send_now(id, *stream);
  }
}

// While a receive is under way it tells the end itself, after the bytes before it.
void UringLoop::on_end(StreamId id, const Completion& completion) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  if (completion.is_last()) {
    stream->awaits_end = false;
    expect(id, *stream);
  }
  if (completion.result < 0 || (completion.result & (POLLHUP | POLLERR)) == 0) return;
  const auto is_deaf = [](const Stream& s) { return !s.receiving && (s.paused || s.half_closed); };
  for (; stream != nullptr && is_deaf(*stream); stream = find(id)) read_from(id, *stream);
}

void UringLoop::on_readable(Other kind, int fd, std::uint32_t serial) {
  const auto current = [&] {
    const auto entry = polled_.find(fd);
    return entry != polled_.end() && entry->second.serial == serial ? &entry->second : nullptr;
  };
  Polled* polled = current();
  if (polled == nullptr) return;
  polled->armed = false;
  on_other(kind, fd);
  polled = current();
  if (polled == nullptr) return;
  polled->armed = true;
  poll_other(kind, fd, serial);
}

}  // namespace gauntlet::net
