#include "server/supervisor.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "core/quantity.h"

namespace gauntlet::server {
namespace {

constexpr int kExitWorkerFailed = 5;
// A worker that was told to go and is done by its own clock gets this much longer.
constexpr core::Nanos kGrace = core::kSecond;
// Until the next attempt where the kernel has no room for a process.
constexpr core::Nanos kForkRetry = 100 * core::kMillisecond;
// While a new worker is awaited.
constexpr core::Nanos kLookInterval = 2 * core::kMillisecond;
constexpr core::Nanos kNever = INT64_MAX;
// Between two questions whether the server is wanted.
constexpr core::Nanos kAskInterval = core::kSecond;

std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was killed by signal {}", WTERMSIG(status));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

void say(const std::string& line) { fmt::print(stderr, "gauntlet serve: {}\n", line); }

}  // namespace

Supervisor::Supervisor(Board& board, Orders orders)
    : board_(board), orders_(std::move(orders)), workers_(board.seats().size()) {}

core::Result<int> Supervisor::run() {
  auto signals = net::Signals::open({SIGTERM, SIGINT, SIGHUP, SIGCHLD});
  if (!signals) return std::unexpected(signals.error());
  signals_ = std::move(*signals);
  for (std::size_t seat = 0; seat < board_.workers(); ++seat) start(seat);
  while (any_left()) {
    wait_for_signal();
    start_waiting(core::monotonic_ns());
    retire_replaced();
    kill_late(core::monotonic_ns());
    ask_if_wanted(core::monotonic_ns());
  }
  return exit_code_;
}

void Supervisor::start(std::size_t seat) {
  const pid_t supervisor = getpid();
  board_.seat(seat).prepare();
  std::fflush(nullptr);  // or both would write what is buffered
  const pid_t pid = fork();
  if (pid == 0) become_worker(seat, supervisor);
  if (pid < 0) {
    board_.seat(seat).bury(false);
    return unstarted_.push_back({seat, core::monotonic_ns() + kForkRetry});
  }
  workers_[seat] = {.pid = pid};
  board_.seat(seat).pid.store(pid, std::memory_order_relaxed);
}

void Supervisor::start_waiting(core::Nanos now_ns) {
  for (const Waiting& one : std::exchange(unstarted_, {})) {
    if (one.start_at <= now_ns)
      start(one.seat);
    else
      unstarted_.push_back(one);
  }
}

void Supervisor::become_worker(std::size_t seat, pid_t supervisor) {
  if (!net::end_with_parent(supervisor)) {  // dead already, and so it tidied nothing up
    orders_.stop();
    _exit(0);
  }
  signals_.reset();
  int status = kExitWorkerFailed;
  try {
    status = orders_.work(seat);
  } catch (const std::exception& error) {
    say(fmt::format("worker {}: {}", board_.worker_of(seat), error.what()));
  }
  std::fflush(nullptr);
  _exit(status);  // what the supervisor has to tidy up at its end is not ours to tidy up
}

void Supervisor::wait_for_signal() {
  const core::Nanos look = next_look();
  const core::Nanos left =
      look == kNever ? 0 : std::max<core::Nanos>(look - core::monotonic_ns(), 0);
  const timespec timeout{.tv_sec = left / core::kSecond, .tv_nsec = left % core::kSecond};
  pollfd readable{.fd = signals_->fd(), .events = POLLIN, .revents = 0};
  ppoll(&readable, 1, look == kNever ? nullptr : &timeout, nullptr);
  while (const auto number = signals_->take()) on_signal(*number);
}

void Supervisor::on_signal(int number) {
  if (number == SIGCHLD) return reap();
  if (number == SIGHUP) return reload();
  if (stopping_) return abandon();
  begin_stop(0);
}

void Supervisor::reap() {
  for (std::size_t seat = 0; seat < workers_.size(); ++seat) {
    int status = 0;
    if (workers_[seat].pid == 0 || waitpid(workers_[seat].pid, &status, WNOHANG) <= 0) continue;
    on_death(seat, status);
  }
}

void Supervisor::on_death(std::size_t seat, int status) {
  const Worker ended = std::exchange(workers_[seat], {});
  const bool unasked = !stopping_ && !ended.leaving && std::erase(replaced_, seat) == 0;
  board_.seat(seat).bury(unasked);
  if (!unasked) return;
  const core::Nanos now_ns = core::monotonic_ns();
  if (orders_.blind) return unstarted_.push_back({seat, kNobodyComes});
  board_.seat(seat).died_ns.store(now_ns, std::memory_order_relaxed);
  board_.seat(seat).deaths.fetch_add(1, std::memory_order_relaxed);
  if (too_many_deaths(now_ns)) return escalate(seat, status);
  const std::string what =
      fmt::format("worker {} (pid {}) {}", board_.worker_of(seat), ended.pid, describe(status));
  if (orders_.restart_after_ns > 0) {
    unstarted_.push_back({seat, orders_.restart_after_ns == kNobodyComes
                                    ? kNobodyComes
                                    : now_ns + orders_.restart_after_ns});
    return say(what + "; nobody takes over yet");
  }
  start(seat);
  say(fmt::format("{}; pid {} takes over", what, workers_[seat].pid));
}

bool Supervisor::too_many_deaths(core::Nanos now_ns) {
  while (!deaths_.empty() && deaths_.front() <= now_ns - orders_.restart_limit.window)
    deaths_.pop_front();
  deaths_.push_back(now_ns);
  return deaths_.size() > orders_.restart_limit.count;
}

void Supervisor::escalate(std::size_t seat, int status) {
  say(
      fmt::format("stopping: {} workers ended within {}, and the limit is {}; the last one, worker "
                  "{}, {}",
                  deaths_.size(), core::format_duration(orders_.restart_limit.window),
                  orders_.restart_limit.count, board_.worker_of(seat), describe(status)));
  begin_stop(kExitEscalated);
}

void Supervisor::reload() {
  if (stopping_) return;
  const auto is_busy = [this](std::size_t seat) {
    return workers_[seat].pid != 0 && workers_[board_.other_seat(seat)].pid != 0;
  };
  for (std::size_t worker = 0; worker < board_.workers(); ++worker)
    if (is_busy(worker)) return say("not reloaded: the workers of the last reload still leave");
  if (const auto read = orders_.reload(); !read)
    return say(fmt::format("not reloaded: {}", read.error().text));
  for (std::size_t worker = 0; worker < board_.workers(); ++worker) {
    const std::size_t old = workers_[worker].pid != 0 ? worker : board_.other_seat(worker);
    replaced_.push_back(old);
    start(board_.other_seat(old));
  }
}

void Supervisor::retire_replaced() {
  std::erase_if(replaced_, [this](std::size_t seat) {
    if (!board_.seat(board_.other_seat(seat)).up.load(std::memory_order_acquire)) return false;
    retire(seat);
    return true;
  });
}

void Supervisor::retire(std::size_t seat) {
  Worker& worker = workers_[seat];
  if (worker.pid == 0) return;
  worker.leaving = true;
  worker.kill_at = core::monotonic_ns() + orders_.stop_ns + kGrace;
  kill(worker.pid, SIGTERM);
}

void Supervisor::begin_stop(int exit_code) {
  if (std::exchange(stopping_, true)) return;
  exit_code_ = exit_code;
  replaced_.clear();
  unstarted_.clear();
  orders_.stop();
  for (std::size_t seat = 0; seat < workers_.size(); ++seat) retire(seat);
}

void Supervisor::abandon() {
  exit_code_ = kExitInterrupted;
  for (const Worker& worker : workers_)
    if (worker.pid != 0) kill(worker.pid, SIGKILL);
}

void Supervisor::kill_late(core::Nanos now_ns) {
  for (Worker& worker : workers_) {
    if (worker.pid == 0 || !worker.leaving || now_ns < worker.kill_at) continue;
    kill(worker.pid, SIGKILL);
    worker.kill_at = kNever;
  }
}

void Supervisor::ask_if_wanted(core::Nanos now_ns) {
  if (!orders_.wanted || stopping_ || now_ns < ask_at_) return;
  ask_at_ = now_ns + kAskInterval;
  if (orders_.wanted()) return;
  say("stopping: nobody has come back for it");
  begin_stop(0);
}

bool Supervisor::any_left() const {
  return !unstarted_.empty() ||
         std::ranges::any_of(workers_, [](const Worker& worker) { return worker.pid != 0; });
}

core::Nanos Supervisor::next_look() const {
  const core::Nanos now_ns = core::monotonic_ns();
  core::Nanos look = replaced_.empty() ? kNever : now_ns + kLookInterval;
  if (orders_.wanted && !stopping_) look = std::min(look, ask_at_);
  for (const Waiting& one : unstarted_) look = std::min(look, one.start_at);
  for (const Worker& worker : workers_)
    if (worker.pid != 0 && worker.leaving) look = std::min(look, worker.kill_at);
  return look;
}

}  // namespace gauntlet::server
