#include "server/stdio_relay.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace gauntlet::server {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kPatienceMillis = 2000;

// A write to a pipe that nobody reads is to be an error and no more.
void block_sigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

bool send_all(int socket, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t n = send(socket, bytes, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

core::Result<std::unique_ptr<StdioRelay>> StdioRelay::open(int input, int output) {
  std::unique_ptr<StdioRelay> relay(new StdioRelay(input, output));
  if (auto started = relay->start(); !started) return std::unexpected(started.error());
  return relay;
}

core::Result<void> StdioRelay::start() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return std::unexpected(core::errno_error("socketpair"));
  our_end_.reset(ends[0]);
  server_end_.reset(ends[1]);
  stop_.reset(eventfd(0, EFD_CLOEXEC));
  over_.reset(eventfd(0, EFD_CLOEXEC));
  if (!stop_.valid() || !over_.valid()) return std::unexpected(core::errno_error("eventfd"));
  reader_ = std::thread([this] { copy_input(); });
  writer_ = std::thread([this] { copy_output(); });
  return {};
}

StdioRelay::~StdioRelay() {
  server_end_.reset();
  if (stop_.valid()) (void)!eventfd_write(stop_.get(), 1);
  // The server's end may be open still: then nothing more comes from there.
  if (our_end_.valid()) shutdown(our_end_.get(), SHUT_RDWR);
  if (reader_.joinable()) reader_.join();
  if (writer_.joinable()) writer_.join();
}

void StdioRelay::copy_input() {
  block_sigpipe();
  std::array<char, kReadBytes> bytes;
  for (;;) {
    std::array<pollfd, 2> fds = {pollfd{input_, POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    if (fds[1].revents != 0) return;
    if (fds[0].revents == 0) continue;
    const ssize_t n = read(input_, bytes.data(), bytes.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0 || !send_all(our_end_.get(), bytes.data(), static_cast<std::size_t>(n))) break;
  }
  shutdown(our_end_.get(), SHUT_WR);
}

void StdioRelay::copy_output() {
  block_sigpipe();
  std::array<char, kReadBytes> bytes;
  for (;;) {
    const ssize_t n = recv(our_end_.get(), bytes.data(), bytes.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || !put_out(bytes.data(), static_cast<std::size_t>(n))) break;
  }
  shutdown(our_end_.get(), SHUT_RDWR);
  (void)!eventfd_write(over_.get(), 1);
}

// A pipe that polls as writable takes PIPE_BUF bytes without blocking (pipe(7)).
bool StdioRelay::put_out(const char* bytes, std::size_t size) {
  while (size > 0) {
    if (!wait_for(output_, POLLOUT)) return false;
    const ssize_t n = write(output_, bytes, std::min<std::size_t>(size, PIPE_BUF));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

// Once told to end: only for so long.
bool StdioRelay::wait_for(int fd, short events) {
  std::array<pollfd, 2> fds = {pollfd{fd, events, 0}, pollfd{stop_.get(), POLLIN, 0}};
  while (poll(fds.data(), fds.size(), -1) < 0)
    if (errno != EINTR) return false;
  if (fds[0].revents != 0) return true;
  return poll(fds.data(), 1, kPatienceMillis) > 0;
}

}  // namespace gauntlet::server
