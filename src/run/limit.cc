#include "run/limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/quantity.h"
#include "run/error_class.h"
#include "run/nearest.h"

namespace gauntlet::run {

namespace {

struct NamedQuantile {
  std::string_view name;
  double quantile;
};
constexpr std::array<NamedQuantile, 6> kQuantiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}}};

void add_times(std::vector<Metric>& all, std::string_view prefix, std::string_view what,
               MetricKind quantile_kind, MetricKind mean_kind) {
  for (const auto& [name, q] : kQuantiles) {
    const auto meaning =
        q < 1 ? fmt::format("{}, quantile {}", what, q) : fmt::format("{}, the longest", what);
    all.push_back({.name = fmt::format("{}{}", prefix, name),
                   .kind = quantile_kind,
                   .unit = Unit::milliseconds,
                   .meaning = meaning,
                   .quantile = q});
  }
  all.push_back({.name = fmt::format("{}mean", prefix),
                 .kind = mean_kind,
                 .unit = Unit::milliseconds,
                 .meaning = fmt::format("{}, mean", what)});
}

void add_load(std::vector<Metric>& all) {
  all.push_back({.name = "connections",
                 .kind = MetricKind::connections,
                 .unit = Unit::count,
                 .meaning = "connections ready (MCP opening done), median over the seconds"});
  all.push_back({.name = "throughput",
                 .kind = MetricKind::throughput,
                 .unit = Unit::per_second,
                 .meaning = "verified messages completed per second"});
  all.push_back({.name = "achieved",
                 .kind = MetricKind::achieved,
                 .unit = Unit::ratio,
                 .meaning = "messages completed / messages scheduled, per second"});
}

void add_errors(std::vector<Metric>& all) {
  all.push_back({.name = "error_rate",
                 .kind = MetricKind::error_rate,
                 .unit = Unit::ratio,
                 .meaning = "errors of every class / messages scheduled"});
  all.push_back({.name = "errors",
                 .kind = MetricKind::errors,
                 .unit = Unit::count,
                 .meaning = "errors of every class"});
  for (std::size_t i = 0; i < kErrorClassCount; ++i) {
    all.push_back({.name = fmt::format("errors_{}", kErrorClassNames[i]),
                   .kind = MetricKind::errors_of_class,
                   .unit = Unit::count,
                   .meaning = fmt::format("errors of class `{}`", kErrorClassNames[i]),
                   .error_class = i});
  }
  all.push_back({.name = "sessions_lost",
                 .kind = MetricKind::sessions_lost,
                 .unit = Unit::count,
                 .meaning = "clients told that there is no such session as theirs, over the run"});
}

void add_server(std::vector<Metric>& all) {
  all.push_back({.name = "spread_p",
                 .kind = MetricKind::spread_p,
                 .unit = Unit::number,
                 .meaning = "chi-square p of an even spread of messages over connections"});
  all.push_back({.name = "spread_max_mean",
                 .kind = MetricKind::spread_max_mean,
                 .unit = Unit::number,
                 .meaning = "busiest connection / mean connection"});
  all.push_back(
      {.name = "memory_peak",
       .kind = MetricKind::memory_peak,
       .unit = Unit::megabytes,
       .meaning = "largest memory of the target's processes, what they share counted once"});
  all.push_back({.name = "memory_growth",
                 .kind = MetricKind::memory_growth,
                 .unit = Unit::megabytes_per_5min,
                 .meaning = "growth of resident memory over 5 minutes (Theil-Sen slope)"});
}

void add_soak(std::vector<Metric>& all) {
  all.push_back({.name = "memory_drift",
                 .kind = MetricKind::memory_drift,
                 .unit = Unit::megabytes_per_day,
                 .meaning = "growth of resident memory over 24 h, of its lower envelope"});
  all.push_back({.name = "descriptors_drift",
                 .kind = MetricKind::descriptors_drift,
                 .unit = Unit::number,
                 .meaning = "descriptors that the target opens more than it closes, in 24 h"});
  all.push_back({.name = "threads_drift",
                 .kind = MetricKind::threads_drift,
                 .unit = Unit::number,
                 .meaning = "threads that the target starts more than it ends, in 24 h"});
  all.push_back({.name = "sessions_drift",
                 .kind = MetricKind::sessions_drift,
                 .unit = Unit::number,
                 .meaning = "sessions that the target keeps more, in 24 h, as its metrics tell"});
  all.push_back({.name = "heap_drift",
                 .kind = MetricKind::heap_drift,
                 .unit = Unit::megabytes_per_day,
                 .meaning = "growth of the target's heap over 24 h, as its metrics tell"});
  all.push_back({.name = "error_rate_drift",
                 .kind = MetricKind::error_rate_drift,
                 .unit = Unit::ratio,
                 .meaning = "rise of the error rate from the measured phase's begin to its end"});
  all.push_back({.name = "error_rate_hourly",
                 .kind = MetricKind::error_rate_slices,
                 .unit = Unit::ratio,
                 .meaning = "errors / scheduled in the worst hour, or tenth of a shorter phase"});
  all.push_back({.name = "p95_hourly",
                 .kind = MetricKind::p95_slices,
                 .unit = Unit::milliseconds,
                 .meaning = "how far p95 of any hour (tenth) lies from that of the first steady"});
  all.push_back({.name = "crashes",
                 .kind = MetricKind::crashes,
                 .unit = Unit::count,
                 .meaning = "processes of the target that were there at the begin and ended"});
  all.push_back(
      {.name = "pause_max",
       .kind = MetricKind::pause,
       .unit = Unit::milliseconds,
       .meaning = "longest time without an answer on any connection, while some were due"});
}

struct FaultMetric {
  std::string_view name;
  MetricKind kind;
  Unit unit;
  std::string_view meaning;
  double quantile = 0;
};

constexpr std::array<FaultMetric, 26> kFaultMetrics = {{
    {"recovery", MetricKind::recovery, Unit::seconds, "from the fault's start until recovered"},
    {"healed", MetricKind::healed, Unit::seconds, "from the fault's end until recovered"},
    {"detection", MetricKind::detection, Unit::seconds,
     "from the fault's start to the first signal of it on either side"},
    {"depth", MetricKind::depth, Unit::ratio, "goodput lost in the worst second"},
    {"throughput_lost", MetricKind::throughput_lost, Unit::ratio,
     "goodput lost from the fault's start until recovered"},
    {"peak_error_rate", MetricKind::peak_error_rate, Unit::ratio,
     "errors / scheduled in the worst second from the fault's start until recovered"},
    {"fault_error_rate", MetricKind::fault_error_rate, Unit::ratio,
     "errors / scheduled from the fault's start until recovered"},
    {"amplification", MetricKind::amplification, Unit::number,
     "attempts / messages from the fault's start until recovered"},
    {"relapses", MetricKind::relapses, Unit::count, "recoveries that did not last"},
    {"residual_p50", MetricKind::residual_p50, Unit::ratio,
     "median response time after recovery, beyond the baseline's (Hodges-Lehmann)"},
    {"residual_goodput", MetricKind::residual_goodput, Unit::ratio,
     "goodput missing after recovery (Hodges-Lehmann)"},
    {"untargeted_goodput", MetricKind::untargeted_goodput, Unit::ratio,
     "goodput of the clients that were no victims / their baseline"},
    {"unrecovered", MetricKind::unrecovered, Unit::ratio,
     "messages of the fault's phase that were hit and ended in an error / hit"},
    {"excess_p50", MetricKind::excess_quantile, Unit::milliseconds,
     "response time of the messages hit, beyond the baseline's median: quantile 0.5", 0.5},
    {"excess_p95", MetricKind::excess_quantile, Unit::milliseconds, "the same, quantile 0.95",
     0.95},
    {"excess_p99", MetricKind::excess_quantile, Unit::milliseconds, "the same, quantile 0.99",
     0.99},
    {"excess_max", MetricKind::excess_quantile, Unit::milliseconds, "the same, the longest", 1},
    {"reconnect_p50", MetricKind::reconnect_quantile, Unit::seconds,
     "from the fault's start until a victim was back: quantile 0.5", 0.5},
    {"reconnect_p95", MetricKind::reconnect_quantile, Unit::seconds, "the same, quantile 0.95",
     0.95},
    {"reconnect_p99", MetricKind::reconnect_quantile, Unit::seconds, "the same, quantile 0.99",
     0.99},
    {"reconnect_max", MetricKind::reconnect_quantile, Unit::seconds, "the same, the last victim",
     1},
    {"clients_hit", MetricKind::clients_hit, Unit::ratio,
     "clients with an error in the fault's phase / clients"},
    {"tool_error_rate", MetricKind::tool_error_rate, Unit::ratio,
     "errors / scheduled of the calls of the test's tool, in the fault's phase"},
    {"final_goodput", MetricKind::final_goodput, Unit::ratio,
     "messages completed per second in the last phase / in the measured one"},
    {"final_error_rate", MetricKind::final_error_rate, Unit::ratio,
     "errors / scheduled in the last phase"},
    {"reconnected", MetricKind::reconnected, Unit::ratio,
     "victims of the fault that are back / victims"},
}};

void add_fault(std::vector<Metric>& all) {
  for (const auto& metric : kFaultMetrics) {
    all.push_back({.name = std::string(metric.name),
                   .kind = metric.kind,
                   .unit = metric.unit,
                   .meaning = std::string(metric.meaning),
                   .quantile = metric.quantile});
  }
}

void add_levels(std::vector<Metric>& all) {
  all.push_back({.name = "throughput_gain",
                 .kind = MetricKind::throughput_gain,
                 .unit = Unit::number,
                 .meaning = "throughput of the last judged level / of the first"});
  all.push_back({.name = "error_rate_worst",
                 .kind = MetricKind::error_rate_worst,
                 .unit = Unit::ratio,
                 .meaning = "the largest error rate of any judged level"});
  all.push_back({.name = "residual_p50_worst",
                 .kind = MetricKind::residual_p50_worst,
                 .unit = Unit::ratio,
                 .meaning = "of the judged levels with faults: median response time of the last "
                            "phase beyond the measured one's (Hodges-Lehmann), the largest"});
  all.push_back({.name = "residual_goodput_worst",
                 .kind = MetricKind::residual_goodput_worst,
                 .unit = Unit::ratio,
                 .meaning = "the same of goodput that is missing"});
  all.push_back({.name = "left_behind",
                 .kind = MetricKind::left_behind,
                 .unit = Unit::count,
                 .meaning = "faults of any level that left something behind"});
}

std::vector<Metric> make_metrics() {
  std::vector<Metric> all;
  add_load(all);
  add_times(all, "", "response time", MetricKind::response_quantile, MetricKind::response_mean);
  add_times(all, "service_", "service time", MetricKind::service_quantile,
            MetricKind::service_mean);
  add_errors(all);
  add_server(all);
  add_soak(all);
  add_fault(all);
  add_levels(all);
  return all;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

core::Result<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return core::usage_error(fmt::format("`{}` is not a number", text));
  }
  return value;
}

// A parsed quantity in the unit that limits are kept in.
template <typename T>
core::Result<double> in_units(core::Result<T> quantity, double one_unit) {
  if (!quantity) return std::unexpected(quantity.error());
  return static_cast<double>(*quantity) / one_unit;
}

core::Result<double> parse_value(std::string_view text, Unit unit) {
  constexpr double kMegabyte = 1024.0 * 1024.0;
  switch (unit) {
    case Unit::count: return in_units(core::parse_count(text), 1);
    case Unit::per_second: return core::parse_rate(text);
    case Unit::milliseconds: return in_units(core::parse_duration(text), core::kMillisecond);
    case Unit::seconds: return in_units(core::parse_duration(text), core::kSecond);
    case Unit::megabytes:
    case Unit::megabytes_per_5min:
    case Unit::megabytes_per_day: return in_units(core::parse_bytes(text), kMegabyte);
    case Unit::ratio: return core::parse_ratio(text);
    case Unit::number: return parse_number(text);
  }
  std::unreachable();
}

struct Bound {
  Comparison comparison = Comparison::at_most;
  std::string_view value;
};

// "<= 102ms" taken apart.
core::Result<Bound> parse_bound(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Comparison>, 4> kOperators = {
      {{"<=", Comparison::at_most},
       {">=", Comparison::at_least},
       {"<", Comparison::below},
       {">", Comparison::above}}};
  text = trim(text);
  for (const auto& [symbol, comparison] : kOperators) {
    if (text.starts_with(symbol)) return Bound{comparison, trim(text.substr(symbol.size()))};
  }
  return core::usage_error(fmt::format("expected <, <=, > or >= before `{}`", text));
}

bool bounds_above(Comparison c) { return c == Comparison::below || c == Comparison::at_most; }

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const auto& metric : metrics()) names.push_back(metric.name);
  return names;
}

core::Result<double> parse_warning(std::string_view text, const Metric& metric,
                                   const Limit& limit) {
  text = trim(text);
  if (!text.starts_with("warn")) {
    return core::usage_error(fmt::format("expected `warn …` after the comma, not `{}`", text));
  }
  const auto bound = parse_bound(text.substr(4));
  if (!bound) return std::unexpected(bound.error());
  const auto value = parse_value(bound->value, metric.unit);
  if (!value) return value;
  const bool above = bounds_above(limit.comparison);
  if (bounds_above(bound->comparison) != above) {
    return core::usage_error("the warning points the other way than the limit");
  }
  if (above ? *value < limit.value : *value > limit.value) {
    return core::usage_error("the warning is stricter than the limit");
  }
  return value;
}

core::Result<Limit> parse_parts(std::string_view text) {
  const auto comma = text.find(',');
  const auto main = trim(text.substr(0, comma));
  const auto name = main.substr(0, main.find_first_of("<>= \t"));
  const Metric* metric = find_metric(name);
  if (metric == nullptr) {
    return core::usage_error(
        fmt::format("unknown metric `{}`{}", name, did_you_mean(name, metric_names())));
  }
  const auto bound = parse_bound(main.substr(name.size()));
  if (!bound) return std::unexpected(bound.error());
  const auto value = parse_value(bound->value, metric->unit);
  if (!value) return std::unexpected(value.error());
  Limit limit{.metric = metric->name,
              .comparison = bound->comparison,
              .value = *value,
              .warn_until = {},
              .text = std::string(trim(text))};
  if (comma == std::string_view::npos) return limit;
  const auto warning = parse_warning(text.substr(comma + 1), *metric, limit);
  if (!warning) return std::unexpected(warning.error());
  limit.warn_until = *warning;
  return limit;
}

// Up to three significant digits after the point, without trailing zeros: 102, 2.13, 0.0412.
std::string short_number(double value) {
  if (value == 0) return "0";
  const double size = std::abs(value);
  if (size >= 1000) {
    return fmt::format("{}{}", value < 0 ? "-" : "",
                       core::format_count(static_cast<std::uint64_t>(std::llround(size))));
  }
  if (size >= 100) return fmt::format("{:.4g}", value);
  return fmt::format("{:.3g}", value);
}

}  // namespace

std::span<const Metric> metrics() {
  static const std::vector<Metric> kMetrics = make_metrics();
  return kMetrics;
}

const Metric* find_metric(std::string_view name) {
  const auto found = std::ranges::find(metrics(), name, &Metric::name);
  return found == metrics().end() ? nullptr : &*found;
}

core::Result<Limit> parse_limit(std::string_view text) {
  auto limit = parse_parts(text);
  if (limit) return limit;
  return core::usage_error(fmt::format("limit `{}`: {}", trim(text), limit.error().text));
}

std::string format_value(double value, Unit unit) {
  switch (unit) {
    case Unit::count: return fmt::format("{}", short_number(value));
    case Unit::per_second: return fmt::format("{} msg/s", short_number(value));
    case Unit::milliseconds: return fmt::format("{} ms", short_number(value));
    case Unit::seconds: return fmt::format("{} s", short_number(value));
    case Unit::megabytes: return fmt::format("{} MB", short_number(value));
    case Unit::megabytes_per_5min: return fmt::format("{} MB per 5 min", short_number(value));
    case Unit::megabytes_per_day: return fmt::format("{} MB per 24 h", short_number(value));
    case Unit::ratio: return fmt::format("{} %", short_number(value * 100));
    case Unit::number: return short_number(value);
  }
  std::unreachable();
}

std::string format_limit(const Limit& limit) {
  const Metric* metric = find_metric(limit.metric);
  GAUNTLET_CHECK(metric != nullptr);
  const auto op = to_string(limit.comparison);
  auto text = fmt::format("{} {}", op, format_value(limit.value, metric->unit));
  if (limit.warn_until) {
    text += fmt::format(", warn {} {}", bounds_above(limit.comparison) ? "<=" : ">=",
                        format_value(*limit.warn_until, metric->unit));
  }
  return text;
}

}  // namespace gauntlet::run
