#include "chaos/process_fault.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "core/proc.h"

namespace gauntlet::chaos {
namespace {

core::Result<void> may_signal(const ProcessTarget& target) {
  const auto found = target.resolve();
  if (found.empty()) return core::usage_error("no such process");
  for (const Identity& process : found) {
    if (process.pid == getpid() || process.pid == getppid())
      return core::usage_error("that is Gauntlet itself, or who started it");
    if (kill(process.pid, 0) != 0)
      return std::unexpected(core::errno_error(fmt::format("signal {}", process.pid)));
  }
  return {};
}

bool send_signal(int pidfd, int number) {
  return syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0) == 0;
}

bool has_ended(int pidfd) {
  pollfd ended{.fd = pidfd, .events = POLLIN, .revents = 0};
  return poll(&ended, 1, 0) == 1;
}

// Of a child of ours; it stays for whoever waits for it. "" for others.
std::string how_it_ended(int pidfd) {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return "";
  if (info.si_code == CLD_KILLED) return fmt::format("killed by signal {}", info.si_status);
  return info.si_pid == 0 ? "" : fmt::format("exited with status {}", info.si_status);
}

std::string list(const std::vector<pid_t>& pids) { return fmt::format("{}", fmt::join(pids, " ")); }

}  // namespace

core::Result<void> CrashFault::probe() { return may_signal(target_); }

core::Result<void> CrashFault::arm(core::Nanos) {
  victims_.clear();
  for (const Identity& process : target_.resolve())
    if (core::Fd pidfd = process.open(); pidfd.valid())
      victims_.push_back({process, std::move(pidfd)});
  if (victims_.empty()) return core::usage_error("no such process");
  if (supervisor_ > 0) before_ = core::process_tree(std::array{supervisor_});
  return {};
}

core::Result<void> CrashFault::start() {
  for (Victim& victim : victims_) {
    victim.killed = !has_ended(victim.pidfd.get()) && send_signal(victim.pidfd.get(), SIGKILL);
    if (!victim.killed && errno != ESRCH && !has_ended(victim.pidfd.get()))
      return std::unexpected(core::errno_error(fmt::format("kill {}", victim.process.pid)));
  }
  return {};
}

// A victim that had ended by itself is none.
Evidence CrashFault::evidence() {
  Evidence found;
  std::vector<pid_t> killed;
  std::string how;
  for (const Victim& victim : victims_) {
    if (!victim.killed || !has_ended(victim.pidfd.get())) continue;
    killed.push_back(victim.process.pid);
    if (how.empty()) how = how_it_ended(victim.pidfd.get());
  }
  found.shown = !victims_.empty() && killed.size() == victims_.size();
  found.facts = {{"victims", std::to_string(victims_.size())}, {"killed", list(killed)}};
  if (!how.empty()) found.facts.emplace_back("wait_status", how);
  if (supervisor_ <= 0) return found;
  std::vector<pid_t> successors;
  for (const pid_t pid : core::process_tree(std::array{supervisor_}))
    if (std::ranges::find(before_, pid) == before_.end()) successors.push_back(pid);
  found.facts.emplace_back("new_pids", list(successors));
  return found;
}

core::Result<void> PauseFault::probe() { return may_signal(target_); }

core::Result<void> PauseFault::arm(core::Nanos ttl) {
  ttl_ = ttl;
  seen_stopped_ = 0;
  victims_ = target_.resolve();
  if (victims_.empty()) return core::usage_error("no such process");
  for (const Identity& victim : victims_)
    if (victim.state() == 'T')
      return core::usage_error(fmt::format("process {} is stopped already", victim.pid));
  return {};
}

core::Result<void> PauseFault::start() {
  if (auto noted = note(Undo::resume(victims_), ttl_); !noted) return noted;
  for (const Identity& victim : victims_) {
    const core::Fd pidfd = victim.open();
    if (pidfd.valid() && !send_signal(pidfd.get(), SIGSTOP))
      return std::unexpected(core::errno_error(fmt::format("stop {}", victim.pid)));
  }
  return {};
}

Evidence PauseFault::evidence() {
  const auto stopped = static_cast<std::size_t>(std::ranges::count_if(
      victims_, [](const Identity& victim) { return victim.state() == 'T'; }));
  seen_stopped_ = std::max(seen_stopped_, stopped);
  return {.shown = !victims_.empty() && seen_stopped_ == victims_.size(),
          .facts = {{"victims", std::to_string(victims_.size())},
                    {"stopped_now", std::to_string(stopped)},
                    {"stopped_at_once_max", std::to_string(seen_stopped_)}}};
}

core::Result<void> PauseFault::verify_clean() {
  for (const Identity& victim : victims_)
    if (victim.state() == 'T')
      return core::internal_error(fmt::format("process {} is still stopped", victim.pid));
  return {};
}

}  // namespace gauntlet::chaos
