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

// Half of the cores: the load has the rest.
std::string worker_count() {
  return std::to_string(std::max(1U, std::thread::hardware_concurrency() / 2));
}

std::vector<std::string> command_line(const std::string& transport, net::Io io) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  // A client of a load test sends as much as it can: our own server is told not to mind.
  std::vector<std::string> argv = {self,
                                   "serve",
                                   "--exit-with-parent",
                                   "--workers",
                                   worker_count(),
                                   "--rate-limit",
                                   "0",
                                   "--breaker",
                                   "off",
                                   "--io",
                                   std::string(net::name_of(io))};
  if (transport == "unix") {
    argv.insert(argv.end(), {"--unix", "/tmp/gauntlet-" + std::to_string(getpid()) + ".sock"});
  } else {
    argv.insert(argv.end(), {"--" + transport, "127.0.0.1:auto"});
  }
  return argv;
}

}  // namespace

core::Result<OwnServer> OwnServer::start(const std::string& transport, net::Io io) {
  auto child = net::Child::start(command_line(transport, io), {.stdout_pipe = true});
  if (!child) return std::unexpected(child.error());
  auto line = child->read_line(core::monotonic_ns() + kReadyTimeout);
  if (!line || !line->starts_with(kReadyLine))
    return core::internal_error("our own server did not start: " +
                                (line ? "it said '" + *line + "'" : line.error().text));
  return OwnServer(std::move(*child), line->substr(kReadyLine.size()));
}

}  // namespace gauntlet::main
