#include "net/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "net/signals.h"

namespace gauntlet::net {
namespace {

constexpr core::Nanos kDestructorGrace = 2 * core::kSecond;
constexpr std::size_t kLineBytesMax = 64 * 1024;
constexpr int kExecFailed = 127;
constexpr int kLogMode = 0644;

// What the child needs after fork; prepared before, because only async-signal-safe calls may
// follow.
struct ExecPlan {
  std::vector<char*> argv;
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  int error_fd = -1;  // close-on-exec pipe: carries errno where exec fails
  pid_t parent = 0;
  bool outlives_us = false;
};

[[noreturn]] void become(const ExecPlan& plan) {
  if (plan.outlives_us)
    setsid();
  else if (!end_with_parent(plan.parent))
    _exit(kExecFailed);
  setpgid(0, 0);  // the terminal's Ctrl-C is for Gauntlet, which then stops us
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (plan.stdin_fd >= 0) dup2(plan.stdin_fd, 0);
  if (plan.stdout_fd >= 0) dup2(plan.stdout_fd, 1);
  if (plan.stderr_fd >= 0) dup2(plan.stderr_fd, 2);
  execvp(plan.argv[0], plan.argv.data());
  const int code = errno;
  (void)!write(plan.error_fd, &code, sizeof code);
  _exit(kExecFailed);
}

std::string describe(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return "exited with status " + std::to_string(info.si_status);
  return "killed by signal " + std::to_string(info.si_status);
}

core::Fd open_null() { return core::Fd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

}  // namespace

core::Result<Child> Child::start(const std::vector<std::string>& argv, ChildOptions options) {
  Child child;
  ExecPlan plan;
  for (const auto& word : argv) plan.argv.push_back(const_cast<char*>(word.c_str()));
  plan.argv.push_back(nullptr);
  plan.parent = options.inside ? 0 : getpid();
  plan.outlives_us = options.outlives_us;

  std::array<int, 2> ends{};
  const core::Fd null = open_null();
  plan.stdin_fd = null.get();
  core::Fd child_end;
  if (options.stdio_socket) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      return std::unexpected(core::errno_error("socketpair"));
    child.socket_ = core::Fd(ends[0]);
    child_end = core::Fd(ends[1]);
    fcntl(child.socket_.get(), F_SETFL, O_NONBLOCK);  // ours alone: the child's end blocks
    plan.stdin_fd = plan.stdout_fd = child_end.get();
  } else if (options.stdout_pipe) {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(core::errno_error("pipe"));
    child.stdout_ = core::Fd(ends[0]);
    child_end = core::Fd(ends[1]);
    plan.stdout_fd = child_end.get();
  }
  if (options.stdout_to_stderr) plan.stdout_fd = STDERR_FILENO;
  if (options.quiet_stderr) plan.stderr_fd = null.get();
  core::Fd log;
  if (options.stderr_file != nullptr) {
    log =
        core::Fd(::open(options.stderr_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kLogMode));
    if (!log.valid()) return std::unexpected(core::errno_error(options.stderr_file));
    plan.stderr_fd = log.get();
  }
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(core::errno_error("pipe"));
  const core::Fd error_read(ends[0]);
  core::Fd error_write(ends[1]);
  plan.error_fd = error_write.get();

  child.pid_ = options.inside ? fork_inside(*options.inside) : fork();
  if (child.pid_ < 0) return std::unexpected(core::errno_error("fork"));
  if (child.pid_ == 0) become(plan);
  if (!options.outlives_us) setpgid(child.pid_, child.pid_);
  child.pidfd_ = core::Fd(static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0)));
  error_write.reset();
  int code = 0;
  if (read(error_read.get(), &code, sizeof code) == sizeof code)
    return core::usage_error("cannot start '" + argv[0] + "': " + std::strerror(code));
  return child;
}

Child Child::adopt(pid_t pid) {
  Child child;
  child.pid_ = pid;
  child.adopted_ = true;
  child.pidfd_ = core::Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      adopted_(other.adopted_),
      pidfd_(std::move(other.pidfd_)),
      socket_(std::move(other.socket_)),
      stdout_(std::move(other.stdout_)),
      pending_(std::move(other.pending_)),
      exit_(std::move(other.exit_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  if (pid_ > 0) stop(kDestructorGrace);
  pid_ = std::exchange(other.pid_, -1);
  adopted_ = other.adopted_;
  pidfd_ = std::move(other.pidfd_);
  socket_ = std::move(other.socket_);
  stdout_ = std::move(other.stdout_);
  pending_ = std::move(other.pending_);
  exit_ = std::move(other.exit_);
  return *this;
}

Child::~Child() {
  if (pid_ > 0) stop(kDestructorGrace);
}

core::Result<std::string> Child::read_line(core::Nanos deadline) {
  for (;;) {
    const std::size_t end = pending_.find('\n');
    if (end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    if (pending_.size() > kLineBytesMax) return core::internal_error("its output has no line end");
    const core::Nanos left = deadline - core::monotonic_ns();
    pollfd readable{.fd = stdout_.get(), .events = POLLIN, .revents = 0};
    if (left <= 0 || poll(&readable, 1, static_cast<int>(left / core::kMillisecond) + 1) == 0)
      return core::unreachable_error("it said nothing in time");
    std::array<char, 4096> bytes;
    const ssize_t n = read(stdout_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n > 0) {
      pending_.append(bytes.data(), static_cast<std::size_t>(n));
      continue;
    }
    wait_for(core::monotonic_ns() + core::kSecond);
    return core::unreachable_error("it ended: " + exit_.value_or("its output, at least"));
  }
}

std::optional<std::string> Child::poll_exit() {
  if (exit_ || pid_ <= 0) return exit_;
  if (adopted_) {
    pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    if (!pidfd_.valid() || poll(&ended, 1, 0) == 1) exit_ = "ended, and nobody saw how";
    return exit_;
  }
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) == 0 && info.si_pid == pid_)
    exit_ = describe(info);
  return exit_;
}

void Child::signal(int number) {
  if (pid_ > 0 && !poll_exit()) syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

bool Child::wait_for(core::Nanos deadline) {
  while (!poll_exit()) {
    const core::Nanos left = deadline - core::monotonic_ns();
    if (left <= 0) return false;
    pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    poll(&ended, 1, static_cast<int>(left / core::kMillisecond) + 1);
  }
  return true;
}

std::string Child::stop(core::Nanos grace) {
  socket_.reset();
  signal(SIGTERM);
  if (!wait_for(core::monotonic_ns() + grace)) {
    signal(SIGKILL);
    wait_for(core::monotonic_ns() + 10 * core::kSecond);
  }
  kill(-pid_, SIGKILL);  // what it started itself and left in its process group
  pid_ = -1;
  return exit_.value_or("did not end");
}

}  // namespace gauntlet::net
