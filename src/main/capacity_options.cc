#include "main/capacity_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/descriptors.h"
#include "core/quantity.h"
#include "run/limit.h"
#include "run/plan_bounds.h"
#include "stats/quantile_interval.h"

namespace gauntlet::main {
namespace {

constexpr std::string_view kDefaultLimits[] = {"p95<50ms", "p99<100ms", "error_rate<0.1%",
                                               "achieved>=99%"};
constexpr std::uint32_t kDefaultConnections = 50;
constexpr double kDefaultRateFrom = 100, kDefaultRateTo = 1e6;
constexpr double kDefaultConnectionsFrom = 10, kDefaultConnectionsTo = 10'000;
constexpr double kDefaultPerConnection = 10;
constexpr core::Nanos kStepMax = 600 * core::kSecond;
// Errors and the edges of a phase cost a few messages: a step plans for more than it needs.
constexpr double kSpareSamples = 1.1;
// A step that is not carried ends with messages that wait for their time-out.
constexpr core::Nanos kTimeoutDefaultMin = 2 * core::kSecond;
constexpr double kTimeoutPerLimit = 4;
// Descriptors of the program itself, beside those of the connections.
constexpr double kOwnDescriptors = 64;

template <typename T>
core::Result<void> read(T& into, std::string_view text, std::string_view name,
                        core::Result<T> (*parse)(std::string_view), T low, T high,
                        std::string_view bounds) {
  if (text.empty()) return {};
  const auto value = parse(text);
  if (!value) return core::usage_error(fmt::format("{}: {}", name, value.error().text));
  if (*value < low || *value > high)
    return core::usage_error(fmt::format("{} must lie in {}", name, bounds));
  into = *value;
  return {};
}

core::Result<double> parse_connections(std::string_view text) {
  const auto count = core::parse_count(text);
  if (!count) return std::unexpected(count.error());
  return static_cast<double>(*count);
}

double connections_max() {
  return std::min(static_cast<double>(run::kConnectionsMax),
                  static_cast<double>(core::raise_descriptor_limit()) - kOwnDescriptors);
}

core::Result<void> read_connections(const CapacityOptions& options, CapacityPlan& plan) {
  if (options.run.connections)
    return core::usage_error("-c: the search is for it; bound it with --from and --to");
  const double most = connections_max();
  const auto bounds = fmt::format("1-{:.0f}, as many as this process may open (ulimit -n)", most);
  plan.from = kDefaultConnectionsFrom;
  plan.to = std::min(kDefaultConnectionsTo, most);
  plan.per_connection_per_s = kDefaultPerConnection;
  if (auto ok = read(plan.from, options.from, "--from", parse_connections, 1.0, most, bounds); !ok)
    return ok;
  if (auto ok = read(plan.to, options.to, "--to", parse_connections, 1.0, most, bounds); !ok)
    return ok;
  return read(plan.per_connection_per_s, options.per_connection, "--per-connection",
              core::parse_rate, 0.001, run::kRateMax / run::kConnectionsMax, "0.001-1000/s");
}

core::Result<void> read_rates(const CapacityOptions& options, CapacityPlan& plan) {
  if (!options.per_connection.empty())
    return core::usage_error("--per-connection goes with --of connections");
  plan.from = kDefaultRateFrom;
  plan.to = kDefaultRateTo;
  constexpr std::string_view kBounds = "0.1-100000000/s";
  if (auto ok =
          read(plan.from, options.from, "--from", core::parse_rate, 0.1, run::kRateMax, kBounds);
      !ok)
    return ok;
  return read(plan.to, options.to, "--to", core::parse_rate, 0.1, run::kRateMax, kBounds);
}

core::Result<void> read_loads(const CapacityOptions& options, CapacityPlan& plan) {
  plan.of_connections = options.of == "connections";
  auto done = plan.of_connections ? read_connections(options, plan) : read_rates(options, plan);
  if (!done) return done;
  // Where only one bound is given, the other one's default gives way.
  if (options.to.empty()) plan.to = std::max(plan.to, plan.from);
  if (options.from.empty()) plan.from = std::min(plan.from, plan.to);
  if (plan.from > plan.to) return core::usage_error("--from must not be above --to");
  return {};
}

core::Result<void> read_lengths(const CapacityOptions& options, CapacityPlan& plan) {
  struct Length {
    core::Nanos& into;
    const std::string& text;
    std::string_view name;
    core::Nanos low;
  };
  const Length lengths[] = {{plan.step, options.step, "--step", run::kPhaseMin},
                            {plan.settle, options.settle, "--settle", 0},
                            {plan.hold, options.hold, "--hold", 0}};
  for (const auto& [into, text, name, low] : lengths)
    if (auto ok = read(into, text, name, core::parse_duration, low, run::kPhaseMax,
                       low > 0 ? "100ms-7d" : "0s-7d");
        !ok)
      return ok;
  if (auto ok = read(plan.hold_share, options.hold_at, "--hold-at", core::parse_ratio, 0.01, 1.0,
                     "1%-100%");
      !ok)
    return ok;
  return read(plan.precision, options.precision, "--precision", core::parse_ratio, 0.03, 1.0,
              "3%-100%");
}

// Limits that a short step at a steady load can be held against.
bool is_of_a_step(run::MetricKind kind) {
  using enum run::MetricKind;
  switch (kind) {
    case achieved:
    case response_quantile:
    case response_mean:
    case service_quantile:
    case service_mean:
    case error_rate:
    case errors:
    case errors_of_class:
    case memory_peak: return true;
    default: return false;
  }
}

const run::Metric& metric_of(const run::Test& test) {
  return *run::find_metric(test.limits.front().metric);
}

core::Result<void> check_limits(const run::Plan& plan) {
  for (const auto& test : plan.tests)
    if (!is_of_a_step(metric_of(test).kind))
      return core::usage_error(
          fmt::format("--slo: {} says nothing about a step of a search", metric_of(test).name));
  return {};
}

double messages_needed(const run::Plan& plan) {
  double needed = 0;
  for (const auto& test : plan.tests) {
    const double q = metric_of(test).quantile;
    if (q > 0 && q < 1) needed = std::max(needed, stats::kSamplesBeyondMin / (1 - q));
  }
  return kSpareSamples * needed;
}

core::Nanos default_timeout(const run::Plan& plan) {
  double longest_ms = 0;
  for (const auto& test : plan.tests)
    if (metric_of(test).unit == run::Unit::milliseconds)
      longest_ms = std::max(longest_ms, test.limits.front().value);
  const auto from_limits = static_cast<core::Nanos>(kTimeoutPerLimit * longest_ms *
                                                    static_cast<double>(core::kMillisecond));
  return std::clamp(from_limits, kTimeoutDefaultMin, run::kTimeoutMax);
}

// The ad hoc plan that the load's options ask for; its rate is each step's own.
core::Result<run::Plan> base_plan(const CapacityOptions& options) {
  RunOptions run = options.run;
  run.rate = "1/s";
  if (run.slos.empty()) run.slos.assign(std::begin(kDefaultLimits), std::end(kDefaultLimits));
  if (!run.connections && run.command.empty()) run.connections = kDefaultConnections;
  auto plan = make_plan(run);
  if (!plan) return plan;
  plan->suite = "capacity";
  plan->description = "a search for the highest load that keeps the limits";
  plan->phases.front().name = "settle";
  if (auto ok = check_limits(*plan); !ok) return std::unexpected(ok.error());
  if (run.timeout.empty()) plan->load.timeout = default_timeout(*plan);
  return plan;
}

}  // namespace

void declare_capacity_options(CLI::App& app, CapacityOptions& options) {
  declare_load_options(app, options.run);
  app.add_option("--of", options.of, "what to search: rate (default) or connections")
      ->check(CLI::IsMember({"rate", "connections"}));
  app.add_option("--per-connection", options.per_connection,
                 "messages per second of each, with --of connections; default: 10/s");
  app.add_option("--from", options.from, "where to begin; default: 100/s, or 10 connections");
  app.add_option("--to", options.to, "where to end; default: 1000000/s, or 10000 connections");
  app.add_option("--step", options.step,
                 "how long each load is measured; longer where a quantile needs it; default: 5s");
  app.add_option("--settle", options.settle, "load before each measurement; default: 1s");
  app.add_option("--hold", options.hold,
                 "how long the load that was found is held at the end; 0s: not; default: 10s");
  app.add_option("--hold-at", options.hold_at, "share of it that is held; default: 90%");
  app.add_option("--precision", options.precision,
                 "how wide the interval may be, high over low; default: 10%");
  app.footer(
      "Limits, where no --slo is given: p95<50ms, p99<100ms, error_rate<0.1%, achieved>=99%.\n"
      "--timeout is four times the longest limit, at least 2s, unless given.");
}

core::Result<CapacityPlan> make_capacity_plan(const CapacityOptions& options) {
  CapacityPlan plan;
  if (auto ok = read_loads(options, plan); !ok) return std::unexpected(ok.error());
  if (auto ok = read_lengths(options, plan); !ok) return std::unexpected(ok.error());
  auto base = base_plan(options);
  if (!base) return std::unexpected(base.error());
  plan.base = std::move(*base);
  const auto first = plan_at(plan, plan.from, plan.step);
  const core::Nanos longest = first.phases.back().duration;
  if (longest > std::max(kStepMax, plan.step))
    return core::usage_error(
        fmt::format("--from: at {} the limits' quantiles need {:.0f} messages, {} a step: raise "
                    "--from, or ask for a lower quantile",
                    core::format_rate(first.load.rate), messages_needed(plan.base),
                    core::format_duration(longest)));
  return plan;
}

run::Plan ad_hoc_limits(const run::Plan& plan) {
  run::Plan result = plan;
  result.levels.clear();
  result.faults.clear();
  result.tests.clear();
  result.phases = {{.name = "settle", .duration = 0, .measured = false},
                   {.name = "steady", .duration = 0, .measured = true}};
  for (const auto text : kDefaultLimits)
    result.tests.push_back({.name = std::string(text),
                            .purpose = {},
                            .limits = {*run::parse_limit(text)},
                            .fault = {}});
  result.load.timeout = default_timeout(result);
  return result;
}

run::Plan plan_at(const CapacityPlan& capacity, double load, core::Nanos length) {
  run::Plan plan = capacity.base;
  plan.load.rate = load;
  if (capacity.of_connections) {
    plan.load.connections = static_cast<std::uint32_t>(std::lround(load));
    plan.load.rate = load * capacity.per_connection_per_s;
  }
  const double needed_s = messages_needed(plan) / plan.load.rate;
  plan.phases.front().duration = capacity.settle;
  plan.phases.back().duration =
      std::max(length, static_cast<core::Nanos>(needed_s * static_cast<double>(core::kSecond)));
  return plan;
}

}  // namespace gauntlet::main
