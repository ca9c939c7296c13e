#include "main/own_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string_view>
#include <system_error>
#include <thread>

#include "core/clock.h"
#include "core/proc.h"

namespace gauntlet::main {
namespace {

constexpr core::Nanos kReadyTimeout = 15 * core::kSecond;
constexpr std::string_view kLeaseName = "server.lease";
constexpr std::string_view kLogName = "server.log";
constexpr std::string_view kReadyLine = "gauntlet serve: listening on ";

std::string worker_count(std::uint32_t wanted) {
  if (wanted > 0) return std::to_string(wanted);
  return std::to_string(std::max(1U, std::thread::hardware_concurrency() / 2));
}

std::string socket_file() { return fmt::format("/tmp/gauntlet-{}.sock", getpid()); }
std::string failpoint_file() { return fmt::format("/tmp/gauntlet-{}.fail", getpid()); }
std::string failpoint_address() { return "unix:" + failpoint_file(); }

std::string make_token() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}", device(), device(), device());
}

std::vector<std::string> command_line(const OwnServerOptions& options, const std::string& token) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  // A client of a load test sends as much as it can: our own server is told not to mind.
  std::vector<std::string> argv = {self,           "serve",
                                   "--workers",    worker_count(options.workers),
                                   "--rate-limit", "0",
                                   "--breaker",    "off",
                                   "--io",         std::string(net::name_of(options.io)),
                                   "--http",       options.host + ":auto"};
  const auto add = [&](const std::string& name, const std::string& value) {
    argv.insert(argv.end(), {name, value});
  };
  if (options.keep == 0) argv.emplace_back("--exit-with-parent");
  if (options.keep > 0) add("--lease", options.folder / kLeaseName);
  if (options.keep > 0) add("--lease-time", fmt::format("{}ms", options.keep / core::kMillisecond));
  if (options.transport == "unix") add("--unix", socket_file());
  if (options.transport == "tcp") add("--tcp", options.host + ":auto");
  if (options.workers_die) add("--restart-limit", "1000/60s");
  if (!token.empty()) add("--failpoints", failpoint_address());
  if (!token.empty()) add("--failpoint-token", token);
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

std::vector<std::string> own_server_files() { return {socket_file(), failpoint_file()}; }

void remove_empty_log(const std::filesystem::path& folder) {
  std::error_code error;
  const auto log = folder / kLogName;
  if (std::filesystem::is_empty(log, error) && !error) std::filesystem::remove(log, error);
}

// It says where it listens in the order of HTTP first.
core::Result<OwnServer> OwnServer::start(const OwnServerOptions& options) {
  const std::string token = options.failpoints ? make_token() : "";
  std::optional<core::Lease> lease;
  if (options.keep > 0) {
    auto held = core::Lease::hold(options.folder / kLeaseName);
    if (!held) return std::unexpected(held.error());
    lease.emplace(std::move(*held));
  }
  const std::string log = options.folder / kLogName;
  auto child = net::Child::start(command_line(options, token),
                                 {.stdout_pipe = true,
                                  .outlives_us = options.keep > 0,
                                  .stderr_file = options.keep > 0 ? log.c_str() : nullptr,
                                  .inside = options.inside});
  if (!child) return std::unexpected(child.error());
  const core::Nanos deadline = core::monotonic_ns() + kReadyTimeout;
  const auto http = next_url(*child, deadline);
  if (!http) return std::unexpected(http.error());
  const auto parsed = net::Url::parse(*http);
  if (!parsed) return std::unexpected(parsed.error());
  const auto url = options.transport == "http" ? http : next_url(*child, deadline);
  if (!url) return std::unexpected(url.error());
  OwnServer server(std::move(*child), *url, parsed->endpoint);
  if (options.failpoints) server.failpoints_ = failpoint_address();
  server.token_ = token;
  server.lease_ = std::move(lease);
  return server;
}

core::Result<OwnServer> OwnServer::find_again(const run::TargetInfo& target,
                                              const std::filesystem::path& folder) {
  const auto pid = static_cast<pid_t>(target.pid);
  auto metrics = net::Endpoint::parse(target.metrics);
  if (!metrics) return std::unexpected(metrics.error());
  auto lease = core::Lease::hold(folder / kLeaseName);
  if (!lease) return std::unexpected(lease.error());
  net::Child child = net::Child::adopt(pid);
  // In this order: a number that has gone to another process since is found out.
  if (pid <= 1 || core::process_start(pid) != target.pid_start || target.pid_start == 0) {
    child.leave();
    return core::unreachable_error(fmt::format("our own server (pid {}) is gone", pid));
  }
  OwnServer server(std::move(child), target.url, *metrics);
  server.lease_.emplace(std::move(*lease));
  return server;
}

void OwnServer::leave() {
  child_.leave();
  lease_->leave();
}

}  // namespace gauntlet::main
