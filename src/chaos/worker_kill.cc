#include "chaos/worker_kill.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "chaos/scrape.h"

namespace gauntlet::chaos {
namespace {

constexpr std::string_view kDeaths = "gauntlet_server_worker_deaths_total";

std::vector<pid_t> children_of(pid_t parent) {
  const std::string pid = std::to_string(parent);
  std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
  return {std::istream_iterator<pid_t>(file), {}};
}

bool has_ended(int pidfd) {
  pollfd ended{.fd = pidfd, .events = POLLIN, .revents = 0};
  return poll(&ended, 1, 0) == 1;
}

std::string after(core::Nanos begin, core::Nanos end) {
  return fmt::format("{:.0f} ms", core::to_millis(end - begin));
}

}  // namespace

core::Result<void> WorkerKill::probe() {
  if (!children_of(supervisor_).empty()) return {};
  return core::usage_error(fmt::format("process {} has no workers to kill", supervisor_));
}

core::Result<void> WorkerKill::arm(core::Nanos) {
  if (auto possible = probe(); !possible) return possible;
  before_ = children_of(supervisor_);
  victim_ = before_[random_.below(before_.size())];
  pidfd_ = core::Fd(static_cast<int>(syscall(SYS_pidfd_open, victim_, 0)));
  if (!pidfd_.valid()) return std::unexpected(core::errno_error("pidfd_open"));
  if (http_) deaths_before_ = metric_at(*http_, kDeaths);
  return {};
}

core::Result<void> WorkerKill::start() {
  if (has_ended(pidfd_.get()))
    return core::internal_error(fmt::format("worker {} had ended before it was killed", victim_));
  if (syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0) != 0)
    return std::unexpected(core::errno_error("pidfd_send_signal"));
  started_at_ = core::monotonic_ns();
  return {};
}

void WorkerKill::look() {
  if (!started_at_) return;
  if (!ended_at_ && has_ended(pidfd_.get())) ended_at_ = core::monotonic_ns();
  if (!ended_at_ || succeeded_at_) return;
  const auto is_new = [&](pid_t pid) { return std::ranges::find(before_, pid) == before_.end(); };
  const auto children = children_of(supervisor_);
  const auto successor = std::ranges::find_if(children, is_new);
  if (successor == children.end()) return;
  successor_ = *successor;
  succeeded_at_ = core::monotonic_ns();
}

Evidence WorkerKill::evidence() {
  look();
  Evidence seen{.shown = ended_at_.has_value(), .facts = {}};
  const auto fact = [&](const char* name, std::string value) {
    seen.facts.emplace_back(name, std::move(value));
  };
  fact("workers", std::to_string(before_.size()));
  fact("killed_pid", std::to_string(victim_));
  fact("pidfd", !started_at_ ? "not signalled"
                : ended_at_  ? "ended within " + after(*started_at_, *ended_at_)
                             : "still runs");
  fact("successor_pid", successor_ == 0 ? "none" : std::to_string(successor_));
  if (succeeded_at_) fact("successor_within", after(*started_at_, *succeeded_at_));
  if (deaths_before_ && deaths_after_)
    fact("deaths_counted", fmt::format("{:.0f}", *deaths_after_ - *deaths_before_));
  return seen;
}

// What was killed stays dead: there is nothing to end, and the last chance to look.
core::Result<void> WorkerKill::stop() {
  look();
  if (http_) deaths_after_ = metric_at(*http_, kDeaths);
  return {};
}

core::Result<void> WorkerKill::verify_clean() {
  const auto children = children_of(supervisor_);
  if (std::ranges::find(children, victim_) != children.end())
    return core::internal_error(fmt::format("worker {} is still there", victim_));
  if (children.size() >= before_.size()) return {};
  return core::internal_error(
      fmt::format("{} of {} workers are there", children.size(), before_.size()));
}

}  // namespace gauntlet::chaos
