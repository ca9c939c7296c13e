#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <thread>

#include "core/quantity.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "main/io_option.h"
#include "server/board.h"
#include "server/serve.h"
#include "server/serve_stdio.h"

namespace gauntlet::main {
namespace {

constexpr std::string_view kDefaultHttp = "127.0.0.1:3000";

// Larger blocks are mapped one by one, so that what a crowd of large messages took goes back to the
// system when they are gone. Left alone, glibc raises this to the largest block it ever freed, and
// then keeps all of them in a heap that something small at its end prevents from shrinking.
constexpr int kMappedBlockBytes = 256 * 1024;
constexpr int kHeapSlackBytes = 1 << 20;

void return_memory_readily() {
  mallopt(M_MMAP_THRESHOLD, kMappedBlockBytes);
  mallopt(M_TRIM_THRESHOLD, kHeapSlackBytes);
}

core::Result<void> add_endpoints(const std::vector<std::string>& texts,
                                 std::vector<net::Endpoint>& to) {
  for (const auto& text : texts) {
    auto endpoint = net::Endpoint::parse(text);
    if (!endpoint) return std::unexpected(endpoint.error());
    to.push_back(*endpoint);
  }
  return {};
}

// "dup" or "dup:10".
core::Result<void> read_bad(std::string_view text, bool stdio, server::Config& config) {
  if (text.empty()) return {};
  const std::size_t colon = text.find(':');
  const auto kind = server::parse_bad_kind(text.substr(0, colon));
  if (!kind) {
    std::string names;
    for (const auto name : server::kBadKindNames) names += fmt::format(" {}", name);
    return core::usage_error(fmt::format("--bad '{}' is none of:{}", text.substr(0, colon), names));
  }
  config.bad = *kind;
  if (stdio && server::is_about_workers(*kind))
    return core::usage_error(fmt::format("--bad {} is about workers: --stdio has none", text));
  if (colon == std::string_view::npos) return {};
  if (*kind >= server::BadKind::no_restart)
    return core::usage_error(fmt::format(
        "--bad {}: it is bad in trouble, not every so many calls; leave the number out", text));
  const std::string_view every = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(every.data(), every.data() + every.size(), config.bad_every);
  if (error != std::errc{} || end != every.data() + every.size() || config.bad_every == 0)
    return core::usage_error(fmt::format("--bad {}: '{}' is not a number of calls", text, every));
  return {};
}

// "5/60s".
core::Result<void> read_restart_limit(const std::string& text, server::RestartLimit& limit) {
  if (text.empty()) return {};
  const std::size_t slash = text.find('/');
  const auto count = core::parse_count(text.substr(0, slash));
  if (!count) return core::usage_error("--restart-limit: " + count.error().text);
  limit.count = *count;
  if (slash == std::string::npos) return {};
  const auto window = core::parse_duration(text.substr(slash + 1));
  if (!window) return core::usage_error("--restart-limit: " + window.error().text);
  limit.window = *window;
  return {};
}

core::Result<std::optional<server::LeaseTerms>> read_lease(const ServeOptions& options) {
  if (options.lease.empty()) return std::nullopt;
  const auto patience = core::parse_duration(options.lease_time);
  if (!patience) return core::usage_error("--lease-time: " + patience.error().text);
  return server::LeaseTerms{.file = options.lease, .patience = *patience};
}

core::Result<void> read_failpoints(const ServeOptions& options, server::Config& config) {
  if (options.failpoints.empty()) return {};
  const auto where = net::Endpoint::parse(options.failpoints);
  if (!where) return core::usage_error("--failpoints: " + where.error().text);
  if (!where->is_loopback())
    return core::usage_error("--failpoints takes unix:/path or a loopback address, not '" +
                             options.failpoints + "'");
  if (options.failpoint_token.empty())
    return core::usage_error("--failpoints needs --failpoint-token, which keeps others out");
  config.failpoints = {*where, options.failpoint_token};
  return {};
}

std::size_t worker_count(const ServeOptions& options) {
  if (options.workers > 0) return options.workers;
  const std::size_t cores = std::thread::hardware_concurrency();
  return std::clamp<std::size_t>(cores, 1, server::kWorkersMax);
}

core::Result<server::Config> make_config(const ServeOptions& options) {
  server::Config config;
  config.parent_death_signal = options.exit_with_parent;
  config.workers = worker_count(options);
  const auto io = chosen_io(options.io);
  if (!io) return std::unexpected(io.error());
  config.io = *io;
  config.conformance = options.conformance;
  if (options.answers == "json") config.answer_mode = server::AnswerMode::json;
  if (options.answers == "sse") config.answer_mode = server::AnswerMode::sse;
  std::vector<std::string> http = options.http;
  if (http.empty() && options.tcp.empty() && options.unix_paths.empty())
    http.emplace_back(kDefaultHttp);
  std::vector<std::string> unix_paths;
  for (const auto& path : options.unix_paths) unix_paths.push_back("unix:" + path);
  if (auto ok = add_endpoints(http, config.http); !ok) return std::unexpected(ok.error());
  if (auto ok = add_endpoints(options.tcp, config.lines); !ok) return std::unexpected(ok.error());
  if (auto ok = add_endpoints(unix_paths, config.lines); !ok) return std::unexpected(ok.error());
  if (auto ok = read_bad(options.bad, options.stdio, config); !ok)
    return std::unexpected(ok.error());
  if (auto ok = apply_guard_options(options.guard, config); !ok) return std::unexpected(ok.error());
  if (auto ok = read_failpoints(options, config); !ok) return std::unexpected(ok.error());
  if (auto ok = apply_flow_options(options.flow, config.flow); !ok)
    return std::unexpected(ok.error());
  if (auto ok = read_restart_limit(options.restart_limit, config.restart_limit); !ok)
    return std::unexpected(ok.error());
  return config;
}

}  // namespace

void declare_serve_options(CLI::App& app, ServeOptions& options) {
  app.add_option("--http", options.http,
                 "address for Streamable HTTP at /mcp, host:port, the port may be `auto`; default: "
                 "127.0.0.1:3000")
      ->allow_extra_args(false);
  app.add_option("--tcp", options.tcp, "address for newline JSON over TCP")
      ->allow_extra_args(false);
  app.add_option("--unix", options.unix_paths, "path of a Unix socket for newline JSON")
      ->allow_extra_args(false);
  app.add_option("--answers", options.answers, "over HTTP: auto, json or sse")
      ->check(CLI::IsMember({"auto", "json", "sse"}));
  app.add_option("--bad", options.bad,
                 "misbehave on every 100th call (KIND) or every Nth (KIND:N): wrong-id, dup, drop, "
                 "stall, bad-json, half-close, leak, leak-sessions; or in trouble: no-restart, "
                 "slow-restart, never-detect, lose-sessions, retry-storm, metastable, cascade");
  declare_guard_options(app, options.guard);
  declare_flow_options(app, options.flow);
  app.add_option("--workers", options.workers, "worker processes; default: one a core")
      ->check(CLI::Range(std::size_t{1}, server::kWorkersMax));
  declare_io_option(app, options.io);
  app.add_option("--restart-limit", options.restart_limit,
                 "give up when more than N workers died within a time, N/60s; default: 5/60s");
  auto* const stdio =
      app.add_flag("--stdio", options.stdio, "one conversation over standard input and output");
  for (const char* other : {"--http", "--tcp", "--unix", "--answers", "--workers",
                            "--restart-limit", "--tls-cert", "--auth"})
    stdio->excludes(app.get_option(other));
  app.add_flag("--conformance", options.conformance,
               "add the tools, resources and prompts of the official conformance suite");
  app.add_option(
      "--failpoints", options.failpoints,
      "where faults may be ordered: unix:/path or a loopback host:port; default: nowhere");
  app.add_option("--failpoint-token", options.failpoint_token, "who orders faults shows this");
  app.add_flag("--exit-with-parent", options.exit_with_parent,
               "stop when the process that started this one ends");
  app.add_option("--lease", options.lease,
                 "a file that is there already: stop when nobody has held a lock on it (fcntl) for "
                 "--lease-time")
      ->excludes(stdio);
  app.add_option("--lease-time", options.lease_time, "default: 10m");
}

int serve_command(const ServeOptions& options) {
  const auto config = make_config(options);
  if (!config) return complain(config.error());
  const auto lease = read_lease(options);
  if (!lease) return complain(lease.error());
  return_memory_readily();
  const auto served = options.stdio ? server::serve_stdio(*config) : server::serve(*config, *lease);
  return served ? *served : complain(served.error());
}

}  // namespace gauntlet::main
