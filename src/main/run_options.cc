#include "main/run_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <random>

#include "core/quantity.h"
#include "main/compare_options.h"
#include "main/io_option.h"
#include "run/limit.h"
#include "run/plan_bounds.h"
#include "run/suite.h"

namespace gauntlet::main {
namespace {

constexpr core::Nanos kDefaultDuration = 30 * core::kSecond;
constexpr std::string_view kDefaultLimit = "error_rate < 0.1%";
// --warmup auto: a tenth of the duration, within these.
constexpr core::Nanos kWarmupMin = core::kSecond;
constexpr core::Nanos kWarmupMax = 10 * core::kSecond;
// The echo call of an ad hoc run that names no tool.
constexpr std::string_view kDefaultTool = "echo";
constexpr std::string_view kDefaultArguments = R"({"message":"{{nonce}}"})";

// Runs `apply` on the parsed value of an option that was given; prefixes errors with its name.
template <typename T, typename Parse, typename Apply>
core::Result<void> with_option(const T& text, std::string_view name, Parse parse, Apply apply) {
  if (text.empty()) return {};
  const auto value = parse(text);
  if (!value) return core::usage_error(fmt::format("{}: {}", name, value.error().text));
  return apply(*value);
}

core::Result<void> in_bounds(bool inside, std::string_view name, std::string_view bounds) {
  if (inside) return {};
  return core::usage_error(fmt::format("{} must lie in {}", name, bounds));
}

core::Result<run::Arrivals> parse_arrivals(std::string_view text) {
  if (text == "constant") return run::Arrivals::constant;
  if (text == "poisson") return run::Arrivals::poisson;
  return core::usage_error(fmt::format(
      "'{}' is not a kind of arrivals; write constant or poisson (closed loop: leave -R out)",
      text));
}

core::Result<run::Mode> chosen_mode(const RunOptions& options) {
  if (!options.mode.empty()) return run::parse_mode(options.mode);
  const char* from_environment = std::getenv("STRESS_TEST_MODE");
  return from_environment == nullptr ? run::Mode::demo : run::parse_mode(from_environment);
}

run::Plan adhoc_plan(const RunOptions& options) {
  run::Plan plan;
  plan.suite = "adhoc";
  plan.description = "from the command line";
  plan.load.arrivals = options.rate.empty() ? run::Arrivals::closed : run::Arrivals::constant;
  plan.load.mix.push_back({.method = "tools/call",
                           .tool = std::string(kDefaultTool),
                           .arguments = std::string(kDefaultArguments),
                           .weight = 1});
  plan.phases = {{.name = "warmup", .duration = 0, .measured = false},
                 {.name = "steady", .duration = kDefaultDuration, .measured = true}};
  return plan;
}

core::Result<void> override_counts(const RunOptions& options, run::LoadPlan& load) {
  if (options.connections) load.connections = *options.connections;
  // A stdio server has one connection; more of them are more processes, which a user asks for.
  else if (!options.command.empty() && options.url.empty())
    load.connections = 1;
  if (options.threads) load.threads = *options.threads;
  if (options.burst) load.burst = *options.burst;
  if (options.pipeline) load.pipeline = *options.pipeline;
  if (options.no_probe) load.probe = false;
  if (auto ok = in_bounds(load.connections >= 1 && load.connections <= run::kConnectionsMax,
                          "--connections", "1-100000");
      !ok)
    return ok;
  if (auto ok = in_bounds(load.threads <= run::kThreadsMax, "--threads", "1-256"); !ok) return ok;
  if (auto ok = in_bounds(load.burst >= 1 && load.burst <= run::kBurstMax, "--burst", "1-1024");
      !ok)
    return ok;
  return in_bounds(load.pipeline >= 1 && load.pipeline <= run::kPipelineMax, "--pipeline",
                   "1-1024");
}

core::Result<void> override_keep(const RunOptions& options, run::LoadPlan& load) {
  return with_option(
      options.keep_server, "--keep-server", core::parse_duration, [&](core::Nanos value) {
        load.keep_server = value;
        return in_bounds(value >= 0 && value <= run::kKeepServerMax, "--keep-server", "0s-24h");
      });
}

core::Result<void> override_talk(const RunOptions& options, run::LoadPlan& load) {
  if (!options.transport.empty()) load.transport = options.transport;
  if (!options.protocol.empty()) load.protocol = options.protocol;
  if (!options.target_metrics.empty()) load.target_metrics = options.target_metrics;
  const auto wanted = wanted_revision(load.protocol);
  return wanted ? core::Result<void>() : std::unexpected(wanted.error());
}

// What each level says for itself cannot be said for all of them.
core::Result<void> spare_levels(const RunOptions& options, const run::Plan& plan) {
  if (plan.levels.empty()) return {};
  const std::pair<bool, std::string_view> given[] = {{options.connections.has_value(), "-c"},
                                                     {!options.rate.empty(), "-R"},
                                                     {options.burst.has_value(), "--burst"}};
  for (const auto& [is_given, name] : given)
    if (is_given)
      return core::usage_error(
          fmt::format("{}: each level of `{}` has its own; change a copy of the suite (gauntlet "
                      "show {})",
                      name, plan.suite, plan.suite));
  return {};
}

core::Result<void> override_times(const RunOptions& options, run::LoadPlan& load) {
  auto rate = with_option(options.rate, "--rate", core::parse_rate, [&](double value) {
    load.rate = value;
    load.capacity_share = 0;
    if (load.arrivals == run::Arrivals::closed) load.arrivals = run::Arrivals::constant;
    return in_bounds(value > 0 && value <= run::kRateMax, "--rate", "0-100000000/s");
  });
  if (!rate) return rate;
  auto ramp = with_option(options.ramp, "--ramp", core::parse_duration, [&](core::Nanos value) {
    load.ramp = value;
    return in_bounds(value >= 0 && value <= run::kRampMax, "--ramp", "0s-1h");
  });
  if (!ramp) return ramp;
  auto timeout =
      with_option(options.timeout, "--timeout", core::parse_duration, [&](core::Nanos value) {
        load.timeout = value;
        return in_bounds(value >= run::kTimeoutMin && value <= run::kTimeoutMax, "--timeout",
                         "1ms-1h");
      });
  if (!timeout) return timeout;
  return with_option(options.arrivals, "--arrivals", parse_arrivals, [&](run::Arrivals value) {
    load.arrivals = value;
    if (load.rate > 0) return core::Result<void>{};
    return core::Result<void>(core::usage_error("--arrivals needs a rate: add -R"));
  });
}

core::Result<void> override_mix(const RunOptions& options, run::LoadPlan& load) {
  if (!options.mix_file.empty()) {
    auto mix = run::load_mix(options.mix_file);
    if (!mix) return std::unexpected(mix.error());
    load.mix = std::move(*mix);
  }
  if (options.tool.empty() && options.arguments.empty()) return {};
  if (!options.mix_file.empty()) return core::usage_error("give --mix or --tool, not both");
  run::Operation call{.method = "tools/call",
                      .tool = options.tool.empty() ? std::string(kDefaultTool) : options.tool,
                      .arguments = options.tool.empty() || options.tool == kDefaultTool
                                       ? std::string(kDefaultArguments)
                                       : "{}",
                      .weight = 1,
                      .idempotent = options.tool.empty() || options.tool == kDefaultTool};
  if (!options.arguments.empty()) {
    auto checked = run::checked_arguments(options.arguments);
    if (!checked) return core::usage_error("--args: " + checked.error().text);
    call.arguments = *checked;
  }
  load.mix = {call};
  return {};
}

core::Result<void> override_headers(const RunOptions& options, run::LoadPlan& load) {
  for (const auto& line : options.headers) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos)
      return core::usage_error(fmt::format("--header '{}' is not 'Name: value'", line));
    std::string_view value = std::string_view(line).substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    auto header = run::checked_header(std::string_view(line).substr(0, colon), value);
    if (!header) return core::usage_error("--header: " + header.error().text);
    load.headers.push_back(*header);
  }
  return {};
}

core::Result<void> override_phases(const RunOptions& options, run::Plan& plan) {
  const auto measured = std::ranges::find_if(plan.phases, &run::Phase::measured);
  auto duration =
      with_option(options.duration, "--duration", core::parse_duration, [&](core::Nanos value) {
        measured->duration = value;
        return in_bounds(value >= run::kPhaseMin && value <= run::kPhaseMax, "--duration",
                         "100ms-7d");
      });
  if (!duration) return duration;
  core::Nanos& warmup = plan.phases.front().duration;
  if (options.warmup == "auto") {
    if (plan.suite == "adhoc") warmup = std::clamp(measured->duration / 10, kWarmupMin, kWarmupMax);
    return {};
  }
  if (plan.phases.front().measured)
    return core::usage_error("--warmup: this suite has no phase before the measured one");
  return with_option(options.warmup, "--warmup", core::parse_duration, [&](core::Nanos value) {
    warmup = value;
    return in_bounds(value >= 0 && value <= run::kPhaseMax, "--warmup", "0s-7d, or be auto");
  });
}

core::Result<void> add_slos(const RunOptions& options, run::Plan& plan) {
  std::vector<std::string> slos = options.slos;
  if (slos.empty() && plan.tests.empty()) slos.emplace_back(kDefaultLimit);
  for (const auto& slo : slos) {
    auto limit = run::parse_limit(slo);
    if (!limit) return core::usage_error("--slo: " + limit.error().text);
    run::Test test{.name = "slo_" + limit->metric,
                   .purpose = "--slo " + slo,
                   .limits = {*limit},
                   .fault = plan.faults.empty() ? "" : plan.faults.front().id};
    const auto same_name = [&](const run::Test& t) { return t.name.starts_with(test.name); };
    if (const auto n = std::ranges::count_if(plan.tests, same_name); n > 0)
      test.name += fmt::format("_{}", n + 1);
    plan.tests.push_back(std::move(test));
  }
  return {};
}

core::Result<void> check_command(const RunOptions& options) {
  if (!options.command.empty() && options.url == "builtin")
    return core::usage_error("builtin is our own server: leave out the command, or give its URL");
  if (options.restart && (options.command.empty() || options.url.empty()))
    return core::usage_error(
        "--restart needs the URL and, after `--`, the command that serves it: gauntlet run SUITE "
        "http://127.0.0.1:3000/mcp --restart -- node server.js");
  return {};
}

}  // namespace

std::vector<std::string> split_command(std::vector<std::string>& arguments) {
  const auto dashes = std::ranges::find(arguments, "--");
  if (dashes == arguments.end()) return {};
  std::vector<std::string> command(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  return command;
}

void sort_out_target(RunOptions& options) {
  const bool is_url =
      options.suite.find("://") != std::string::npos || options.suite.starts_with("unix:");
  if (!is_url || !options.url.empty()) return;
  options.url.swap(options.suite);
}

void declare_run_options(CLI::App& app, RunOptions& options) {
  app.add_option("suite", options.suite, "a shipped suite (see: gauntlet list) or a TOML file");
  declare_load_options(app, options);
  app.add_option("-R,--rate", options.rate,
                 "messages per second, all together; without it a closed loop");
  app.add_option("-d,--duration", options.duration, "of the measured phase, e.g. 30s");
  app.add_option("--warmup", options.warmup, "auto, or a time such as 10s");
  app.add_option("--mode", options.mode,
                 "demo, short or extended; default: STRESS_TEST_MODE, or demo");
  app.add_option("--lab", options.lab,
                 "load, link and server in network namespaces of their own: auto (where a fault "
                 "needs it and the server is ours), on or off")
      ->check(CLI::IsMember({"auto", "on", "off"}));
  app.add_flag("--restart", options.restart,
               "start the command that serves the URL again when a fault has killed it");
  app.add_option("--target-metrics", options.target_metrics,
                 "host:port of the target's own /metrics, for its sessions and its heap");
  app.add_option("--keep-server", options.keep_server,
                 "how long our own server waits for --resume where Gauntlet died or was "
                 "interrupted; 0s: it ends with Gauntlet; default: as the suite says");
  app.add_option("--resume", options.resume,
                 "go on with a run that Gauntlet did not live to end: its id or folder; without "
                 "one, the latest of this suite")
      ->expected(0, 1)
      ->default_str(kLatest);
  app.add_flag("--strict", options.strict, "WARN fails the run too");
  app.add_option("--repeat", options.repeat,
                 "how many times, each with a server of its own (but behind a URL)");
  app.add_option("--baseline", options.baseline,
                 "a run, or a folder of runs: to be worse than it is a FAIL");
  declare_margin_option(app, options.margins);
}

void declare_load_options(CLI::App& app, RunOptions& options) {
  app.add_option("target", options.url,
                 "http://host:port/path, tcp://host:port or unix:/path; after `--`: a command that "
                 "serves it, or, without a URL, MCP on stdio; none: our own server");
  app.add_option("--url", options.url, "the target, without a suite; `builtin`: our own");
  app.add_option("--transport", options.transport, "of our own server: http, tcp or unix")
      ->check(CLI::IsMember({"http", "tcp", "unix"}));
  app.add_option("-c,--connections", options.connections, "virtual clients, each with its own");
  app.add_option("-t,--threads", options.threads, "load threads; default: cores - 1");
  declare_io_option(app, options.io);
  app.add_option("--burst", options.burst, "calls of one client at the same instant");
  app.add_option("--pipeline", options.pipeline, "HTTP requests in flight on one connection");
  app.add_option("--ramp", options.ramp, "time over which connections open");
  app.add_option("--arrivals", options.arrivals, "poisson or constant");
  app.add_option("--tool", options.tool, "tool to call; default: echo");
  app.add_option("--args", options.arguments,
                 "its arguments, a JSON object; {{nonce}} becomes each call's own nonce, which the "
                 "answer then has to carry");
  app.add_flag("--no-probe", options.no_probe,
               "no probe client beside the load: for targets that count their messages");
  app.add_option("--mix", options.mix_file, "TOML file with [[mix]] entries, as in a suite");
  app.add_option("--protocol", options.protocol, "auto, or a revision such as 2025-11-25");
  app.add_option("--slo", options.slos, "a limit, e.g. 'p95<85ms'; repeatable")
      ->allow_extra_args(false);
  app.add_option("-H,--header", options.headers, "'Name: value' for every HTTP request; repeatable")
      ->allow_extra_args(false);
  app.add_option("--timeout", options.timeout, "per message, from its intended send time");
  declare_client_options(app, options.client);
  app.add_option("--seed", options.seed, "64-bit number that everything random follows from");
  app.add_option("--results", options.results, "folder for the reports; default: results");
  app.add_option("--metrics-listen", options.metrics_listen,
                 "address for /metrics; default: the suite's port on 127.0.0.1");
  app.add_option("--metrics-prefix", options.metrics_prefix, "default: gauntlet");
  app.add_flag("-q,--quiet", options.quiet, "only the verdict");
}

std::uint64_t chosen_seed(const RunOptions& options) {
  if (options.seed) return *options.seed;
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

core::Result<run::Plan> make_plan(const RunOptions& options) {
  if (auto ok = check_command(options); !ok) return std::unexpected(ok.error());
  const auto mode = chosen_mode(options);
  if (!mode) return std::unexpected(mode.error());
  auto plan = options.suite.empty() ? core::Result<run::Plan>(adhoc_plan(options))
                                    : run::load_suite(options.suite, *mode);
  if (!plan) return plan;
  plan->mode = *mode;
  plan->seed = chosen_seed(options);
  if (auto done = spare_levels(options, *plan); !done) return std::unexpected(done.error());
  for (auto step : {override_counts, override_times, override_talk, override_keep, override_mix,
                    override_headers})
    if (auto done = step(options, plan->load); !done) return std::unexpected(done.error());
  if (auto done = override_client(options.client, plan->load); !done)
    return std::unexpected(done.error());
  if (options.lab == "auto") plan->lab.use = run::LabUse::automatic;
  if (options.lab == "on") plan->lab.use = run::LabUse::on;
  if (options.lab == "off") plan->lab.use = run::LabUse::off;
  if (auto done = override_phases(options, *plan); !done) return std::unexpected(done.error());
  if (auto done = add_slos(options, *plan); !done) return std::unexpected(done.error());
  return plan;
}

core::Result<std::optional<mcp::Revision>> wanted_revision(std::string_view protocol) {
  if (protocol == "auto") return std::nullopt;
  const auto revision = mcp::parse_revision(protocol);
  if (!revision || *revision == mcp::Revision::v2024_11_05)
    return core::usage_error(
        fmt::format("--protocol '{}' is none of auto, 2025-03-26, 2025-06-18, "
                    "2025-11-25, 2026-07-28",
                    protocol));
  return revision;
}

std::string repro_line(const std::vector<std::string>& argv, std::uint64_t seed) {
  std::string line;
  bool seeded = false;
  const auto append = [&line](const std::string& word) {
    const bool plain =
        !word.empty() &&
        word.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%") ==
            std::string::npos;
    std::string quoted = word;
    for (std::size_t at = 0; !plain && (at = quoted.find('\'', at)) != std::string::npos; at += 4)
      quoted.replace(at, 1, "'\\''");
    line += (line.empty() ? "" : " ") + (plain ? word : "'" + quoted + "'");
  };
  append("gauntlet");
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (argv[i] == "--seed" || argv[i].starts_with("--seed=")) seeded = true;
    if (argv[i] == "--" && !seeded) {
      append(fmt::format("--seed={}", seed));
      seeded = true;
    }
    append(argv[i]);
  }
  if (!seeded) append(fmt::format("--seed={}", seed));
  return line;
}

}  // namespace gauntlet::main
