#include "server/serve.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "net/loop.h"
#include "server/credentials.h"
#include "server/worker.h"

namespace gauntlet::server {
namespace {

constexpr int kExitInterrupted = 130;

core::Result<core::Fd> open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  if (sigprocmask(SIG_BLOCK, &signals, nullptr) != 0)
    return std::unexpected(core::errno_error("sigprocmask"));
  core::Fd fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return std::unexpected(core::errno_error("signalfd"));
  return fd;
}

// How many signals have come.
int take_signals(int fd) {
  signalfd_siginfo info{};
  int count = 0;
  while (read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) ++count;
  return count;
}

void announce(const Worker& worker, std::string_view scheme) {
  for (const net::Endpoint& where : worker.http_endpoints()) {
    const std::string url = fmt::format("{}://{}/mcp", scheme, where.text());
    fmt::print("gauntlet serve: listening on {}\n", url);
    fmt::print(R"({{"mcpServers":{{"gauntlet":{{"url":"{}"}}}}}})"
               "\n",
               url);
  }
  for (const net::Endpoint& where : worker.line_endpoints())
    fmt::print("gauntlet serve: listening on {}{}\n", where.is_unix() ? "" : "tcp://",
               where.text());
  std::fflush(stdout);
}

}  // namespace

core::Result<int> serve(const Config& config) {
  // The parent may have ended before this line: then nobody sends the signal any more.
  const pid_t parent = getppid();
  if (config.parent_death_signal) prctl(PR_SET_PDEATHSIG, SIGTERM);
  const auto signals = open_signals();
  if (!signals) return std::unexpected(signals.error());
  if (config.parent_death_signal && getppid() != parent) return 0;
  Config own = config;
  auto credentials = Credentials::read(config);
  if (!credentials) return std::unexpected(credentials.error());
  own.credentials = std::move(*credentials);
  const std::string_view scheme = own.credentials->tls ? "https" : "http";
  Registry registry(config.limits.sessions_max, config.limits.session_idle_ns);
  EventLog events(config.limits.events_bytes_per_shard);
  Mailbox mailbox;
  Shared shared{registry, events, &mailbox, random_state_key()};
  Worker worker(std::move(own), net::make_loop(), shared);
  int seen = 0;
  worker.loop().watch(signals->get(), [&] {
    seen += take_signals(signals->get());
    if (seen > 1) worker.abandon();
    worker.stop();
  });
  if (auto started = worker.start(); !started) return std::unexpected(started.error());
  announce(worker, scheme);
  worker.run();
  return seen > 1 ? kExitInterrupted : 0;
}

}  // namespace gauntlet::server
