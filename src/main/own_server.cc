#include "main/own_server.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <thread>

#include "core/clock.h"

namespace gauntlet::main {
namespace {

constexpr core::Nanos kReadyTimeout = 15 * core::kSecond;
constexpr std::string_view kReadyLine = "gauntlet serve: listening on ";

std::string worker_count(std::uint32_t wanted) {
  if (wanted > 0) return std::to_string(wanted);
  return std::to_string(std::max(1U, std::thread::hardware_concurrency() / 2));
}

std::vector<std::string> command_line(const std::string& transport, std::uint32_t workers) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  // A client of a load test sends as much as it can: our own server is told not to mind.
  std::vector<std::string> argv = {self,
                                   "serve",
                                   "--exit-with-parent",
                                   "--workers",
                                   worker_count(workers),
                                   "--rate-limit",
                                   "0",
                                   "--breaker",
                                   "off",
                                   "--http",
                                   "127.0.0.1:auto"};
  if (transport == "unix")
    argv.insert(argv.end(), {"--unix", "/tmp/gauntlet-" + std::to_string(getpid()) + ".sock"});
  if (transport == "tcp") argv.insert(argv.end(), {"--tcp", "127.0.0.1:auto"});
  return argv;
}

// The next URL that it listens on.
core::Result<std::string> next_url(net::Child& child, core::Nanos deadline) {
  std::string said;
  while (const auto line = child.read_line(deadline)) {
    if (line->starts_with(kReadyLine)) return line->substr(kReadyLine.size());
    said = *line;
  }
  return core::internal_error("our own server did not start" +
                              (said.empty() ? "" : ": it said '" + said + "'"));
}

}  // namespace

// It says where it listens in the order of HTTP first.
core::Result<OwnServer> OwnServer::start(const std::string& transport, std::uint32_t workers) {
  auto child = net::Child::start(command_line(transport, workers), {.stdout_pipe = true});
  if (!child) return std::unexpected(child.error());
  const core::Nanos deadline = core::monotonic_ns() + kReadyTimeout;
  const auto http = next_url(*child, deadline);
  if (!http) return std::unexpected(http.error());
  const auto parsed = net::Url::parse(*http);
  if (!parsed) return std::unexpected(parsed.error());
  const auto url = transport == "http" ? http : next_url(*child, deadline);
  if (!url) return std::unexpected(url.error());
  return OwnServer(std::move(*child), *url, parsed->endpoint);
}

}  // namespace gauntlet::main
