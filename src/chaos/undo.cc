#include "chaos/undo.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>
#include <utility>

#include "chaos/ask.h"
#include "core/fd.h"
#include "net/child.h"
#include "net/endpoint.h"

namespace gauntlet::chaos {
namespace {

constexpr std::size_t kOutputBytesMax = 64 * 1024;
constexpr int kRemovalAttempts = 50;
constexpr core::Nanos kRemovalPause = 10 * core::kMillisecond;

core::Result<void> resume_all(const Undo& undo) {
  for (const std::string& word : undo.words) {
    const core::Fd process = Identity::parse(word).open();
    if (!process.valid()) continue;
    if (syscall(SYS_pidfd_send_signal, process.get(), SIGCONT, nullptr, 0) != 0 && errno != ESRCH)
      return std::unexpected(core::errno_error("resume " + word));
  }
  return {};
}

core::Result<void> limit_all(const Undo& undo) {
  for (std::size_t i = 0; i + 1 < undo.words.size(); i += 2) {
    const Identity process = Identity::parse(undo.words[i]);
    rlimit limit{};
    if (!process.is_there() || prlimit(process.pid, RLIMIT_NOFILE, nullptr, &limit) != 0) continue;
    limit.rlim_cur = std::min<rlim_t>(std::stoull(undo.words[i + 1]), limit.rlim_max);
    if (prlimit(process.pid, RLIMIT_NOFILE, &limit, nullptr) != 0 && errno != ESRCH)
      return std::unexpected(core::errno_error("limit the files of " + undo.words[i]));
  }
  return {};
}

void move_all(const std::string& from, const std::string& to) {
  std::ifstream processes(from + "/cgroup.procs");
  for (std::string pid; std::getline(processes, pid);)
    std::ofstream(to + "/cgroup.procs") << pid << std::flush;
}

// A process that was just moved or killed may take a moment to leave.
core::Result<void> remove_one_group(const Undo& undo) {
  const std::string& group = undo.words.at(0);
  for (int attempt = 0; attempt < kRemovalAttempts; ++attempt) {
    move_all(group, undo.words.at(1));
    if (rmdir(group.c_str()) == 0 || errno == ENOENT) return {};
    std::this_thread::sleep_for(std::chrono::nanoseconds(kRemovalPause));
  }
  return std::unexpected(core::errno_error("remove " + group));
}

}  // namespace

Undo Undo::resume(const std::vector<Identity>& stopped) {
  Undo undo{"resume", {}};
  for (const auto& process : stopped) undo.words.push_back(process.text());
  return undo;
}

Undo Undo::remove_group(const std::string& group, const std::string& origin) {
  return {"remove_group", {group, origin}};
}

Undo Undo::limit_files(const std::vector<Identity>& processes,
                       const std::vector<std::uint64_t>& limits) {
  Undo undo{"limit_files", {}};
  for (std::size_t i = 0; i < processes.size(); ++i) {
    undo.words.push_back(processes[i].text());
    undo.words.push_back(std::to_string(limits.at(i)));
  }
  return undo;
}

Undo Undo::command(const std::string& shell_text) { return {"command", {shell_text}}; }

Undo Undo::request(const std::string& endpoint, const std::string& bytes) {
  return {"request", {endpoint, bytes}};
}

core::Result<void> carry_out(const Undo& undo) {
  if (undo.kind == "resume") return resume_all(undo);
  if (undo.kind == "limit_files") return limit_all(undo);
  if (undo.kind == "remove_group") return remove_one_group(undo);
  const auto done = undo.kind == "command" ? run_command(undo.words.at(0))
                                           : send_request(undo.words.at(0), undo.words.at(1));
  return done ? core::Result<void>() : std::unexpected(done.error());
}

core::Result<std::string> run_command(const std::string& shell_text) {
  auto child = net::Child::start({"sh", "-c", shell_text}, {.stdout_pipe = true});
  if (!child) return std::unexpected(child.error());
  const core::Nanos deadline = core::monotonic_ns() + kCommandTimeout;
  std::string printed;
  while (printed.size() < kOutputBytesMax) {
    const auto line = child->read_line(deadline);
    if (!line) break;
    printed += *line + "\n";
  }
  const auto how = child->poll_exit();
  if (how == "exited with status 0") return printed;
  return core::internal_error(
      fmt::format("'{}' {}", shell_text, how.value_or("did not end in time")));
}

core::Result<std::string> send_request(const std::string& endpoint, const std::string& bytes) {
  const auto to = net::Endpoint::parse(endpoint);
  if (!to) return std::unexpected(to.error());
  auto answer = ask(*to, bytes, kCommandTimeout);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200)
    return core::unreachable_error(fmt::format("{} answers {}", endpoint, answer->status));
  return std::move(answer->body);
}

}  // namespace gauntlet::chaos
