#include "verdict/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ranges>
#include <utility>
#include <vector>

#include "core/quantity.h"
#include "run/error_class.h"
#include "run/measured.h"

namespace gauntlet::verdict {

namespace {

using run::ErrorClass;
using run::Unit;

constexpr std::string_view kNothingScheduled = "no_samples: no message came due";

std::vector<std::uint64_t> connections_ready(const run::Record& record) {
  const auto measured = run::measure(record);
  std::vector<std::uint64_t> ready;
  for (const auto& second : record.seconds) {
    const bool inside = second.t > measured.start_s && second.t <= measured.end_s;
    // In a long run a row may be a minute.
    const auto weight = static_cast<std::size_t>(std::max(std::lround(second.length), 1L));
    if (inside) ready.insert(ready.end(), weight, second.connections_ready);
  }
  return ready;
}

Observed observe_connections(const run::Record& record) {
  auto ready = connections_ready(record);
  if (ready.empty()) return inconclusive("no_samples: no second of the measured phase was seen");
  std::ranges::sort(ready);
  const auto median = static_cast<double>(ready[(ready.size() - 1) / 2]);
  return exact(median, run::format_value(median, Unit::count),
               fmt::format("connections ready in {} seconds: at least {}, at most {}", ready.size(),
                           ready.front(), ready.back()));
}

Observed observe_rate(const run::Record& record, const run::Metric& metric) {
  const auto measured = run::measure(record);
  const bool anything = measured.scheduled_per_s > 0 || measured.achieved_per_s > 0;
  if (!anything) return inconclusive(std::string(kNothingScheduled));
  if (metric.kind == run::MetricKind::throughput) {
    return exact(measured.achieved_per_s, run::format_value(measured.achieved_per_s, metric.unit),
                 message_evidence(record));
  }
  if (measured.scheduled_per_s <= 0) return inconclusive(std::string(kNothingScheduled));
  const double share = measured.achieved_per_s / measured.scheduled_per_s;
  return exact(share, run::format_value(share, metric.unit), message_evidence(record));
}

std::string error_evidence(const run::Counts& counts) {
  std::string classes;
  for (std::size_t i = 0; i < counts.errors.size(); ++i) {
    if (counts.errors[i] == 0) continue;
    classes += fmt::format("{}{} {}", classes.empty() ? ": " : ", ",
                           core::format_count(counts.errors[i]), run::kErrorClassNames[i]);
  }
  return fmt::format("{} errors of {} messages scheduled{}",
                     core::format_count(run::sum(counts.errors)),
                     core::format_count(counts.scheduled), classes);
}

// `all` of some errors, of which `own` may not be the target's; out of `whole`.
Observed observe_share(const run::Record& record, const run::Metric& metric, std::uint64_t all,
                       std::uint64_t own, double whole) {
  const double value = static_cast<double>(all) / whole;
  auto seen = exact(value, run::format_value(value, metric.unit),
                    error_evidence(run::measured_totals(record).counts));
  seen.doubt = doubt_about(record.self_check, own);
  if (!seen.doubt.empty()) seen.low = static_cast<double>(all - own) / whole;
  return seen;
}

Observed observe_errors(const run::Record& record, const run::Metric& metric) {
  const auto& counts = run::measured_totals(record).counts;
  if (counts.scheduled == 0) return inconclusive(std::string(kNothingScheduled));
  const auto all = run::sum(counts.errors);
  if (metric.kind == run::MetricKind::error_rate) {
    return observe_share(record, metric, all, own_errors(record, counts.errors),
                         static_cast<double>(counts.scheduled));
  }
  if (metric.kind == run::MetricKind::errors) {
    return observe_share(record, metric, all, own_errors(record, counts.errors), 1);
  }
  const auto of_class = counts.errors[metric.error_class];
  const auto error_class = static_cast<ErrorClass>(metric.error_class);
  const bool own = may_be_own(record, error_class);
  return observe_share(record, metric, of_class, own ? of_class : 0, 1);
}

// Over the whole run: what is lost is lost, whichever phase it was in.
Observed observe_sessions(const run::Record& record, const run::Metric& metric) {
  std::uint64_t opened = 0, kept = 0, lost = 0;
  for (const auto& client : record.clients) {
    opened += client.sessions_opened;
    kept += client.sessions_kept;
    lost += client.sessions_lost;
  }
  if (opened == 0) return inconclusive("no_samples: no client had a session");
  const auto value = static_cast<double>(lost);
  return exact(value, run::format_value(value, metric.unit),
               fmt::format("{} sessions opened, {} went on over a new connection", opened, kept));
}

Observed observe_gain(const run::Record& record, const run::Metric& metric) {
  auto judged = std::views::filter(record.levels, &run::LevelResult::judged);
  if (judged.empty() || judged.front().achieved_per_s <= 0) {
    return inconclusive("no_samples: no level was judged");
  }
  const auto& first = judged.front();
  const auto& last = judged.back();
  if (!first.trusted) {
    return inconclusive(fmt::format("generator_saturated: at {} already", first.level.name));
  }
  const double gain = last.achieved_per_s / first.achieved_per_s;
  return exact(gain, run::format_value(gain, metric.unit),
               fmt::format("{} with {} connections, {} with {}",
                           core::format_rate(first.achieved_per_s), first.level.connections,
                           core::format_rate(last.achieved_per_s), last.level.connections));
}

Observed observe_worst_errors(const run::Record& record, const run::Metric& metric) {
  const auto rate = [](const run::LevelResult& level) {
    return static_cast<double>(level.errors) / static_cast<double>(level.scheduled);
  };
  const run::LevelResult* worst = nullptr;
  for (const auto& level : record.levels) {
    if (!level.judged || level.scheduled == 0) continue;
    if (worst == nullptr || rate(level) > rate(*worst)) worst = &level;
  }
  if (worst == nullptr) return inconclusive(std::string(kNothingScheduled));
  auto seen =
      exact(rate(*worst), run::format_value(rate(*worst), metric.unit),
            fmt::format("{}: {} errors of {} messages scheduled", worst->level.name,
                        core::format_count(worst->errors), core::format_count(worst->scheduled)));
  if (!worst->trusted) {
    seen.low = 0;
    seen.doubt = fmt::format("generator_saturated: at {}", worst->level.name);
  }
  return seen;
}

}  // namespace

bool may_be_own(const run::Record& record, ErrorClass error) {
  if (error == ErrorClass::indeterminate) return !record.faults.empty();
  return error == ErrorClass::timeout || error == ErrorClass::unsent;
}

std::uint64_t own_errors(const run::Record& record, const run::ErrorCounts& errors) {
  std::uint64_t own = 0;
  for (std::size_t i = 0; i < errors.size(); ++i)
    if (may_be_own(record, static_cast<ErrorClass>(i))) own += errors[i];
  return own;
}

std::string doubt_about(const run::SelfCheck& check, std::uint64_t own) {
  const auto count = core::format_count(own);
  if (!check.trusted) {
    return fmt::format("generator_saturated: {} of the errors may be its own ({})", count,
                       check.reasons.empty() ? "" : check.reasons.front());
  }
  if (check.machine_busy.empty()) return "";
  return fmt::format("machine_busy: {} of the errors may come of it ({})", count,
                     check.machine_busy);
}

std::string message_evidence(const run::Record& record) {
  const auto& counts = run::measured_totals(record).counts;
  return fmt::format("{} messages verified of {} scheduled over {:.1f} s{}",
                     core::format_count(counts.completed), core::format_count(counts.scheduled),
                     run::measure(record).length_s(),
                     record.nonce_verified ? ", nonce checked on each" : "");
}

Observed observe(const run::Record& record, const run::Test& test, const run::Metric& metric,
                 const run::Limit& limit) {
  using enum run::MetricKind;
  switch (metric.kind) {
    case connections: return observe_connections(record);
    case throughput:
    case achieved: return observe_rate(record, metric);
    case response_quantile:
    case response_mean:
    case service_quantile:
    case service_mean: return observe_times(record, metric, limit);
    case error_rate:
    case errors:
    case errors_of_class: return observe_errors(record, metric);
    case sessions_lost: return observe_sessions(record, metric);
    case spread_p:
    case spread_max_mean: return observe_spread(record, metric);
    case memory_peak:
    case memory_growth: return observe_memory(record, metric);
    case memory_drift:
    case descriptors_drift:
    case threads_drift:
    case sessions_drift:
    case heap_drift:
    case error_rate_drift: return observe_drift(record, metric);
    case error_rate_slices:
    case p95_slices: return observe_slices(record, metric);
    case crashes: return observe_crashes(record, metric);
    case pause: return observe_pause(record, metric);
    case recovery:
    case healed:
    case detection:
    case depth:
    case throughput_lost:
    case peak_error_rate:
    case fault_error_rate:
    case amplification:
    case relapses:
    case residual_p50:
    case residual_goodput:
    case untargeted_goodput:
    case unrecovered:
    case excess_quantile:
    case reconnect_quantile:
    case clients_hit:
    case tool_error_rate:
    case final_goodput:
    case final_error_rate:
    case reconnected: return observe_fault(record, test, metric, limit);
    case throughput_gain: return observe_gain(record, metric);
    case error_rate_worst: return observe_worst_errors(record, metric);
    case residual_p50_worst:
    case residual_goodput_worst:
    case left_behind: return observe_after_levels(record, metric);
  }
  std::unreachable();
}

}  // namespace gauntlet::verdict
