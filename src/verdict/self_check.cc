#include "verdict/self_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/quantity.h"
#include "run/limit.h"
#include "run/measured.h"
#include "verdict/core_share.h"
#include "verdict/probe_check.h"

namespace gauntlet::verdict {

namespace {

using run::Unit;

bool is_upper(const run::Limit& limit) {
  return limit.comparison == run::Comparison::below || limit.comparison == run::Comparison::at_most;
}

// The tightest upper limit on each quantile of the response time, by its name. The maximum is left
// out: one late send among millions decides it, so its own check looks at the lag (metrics.h).
std::map<std::string, double> response_limits_ms(const run::Plan& plan) {
  std::map<std::string, double> limits;
  for (const auto& test : plan.tests) {
    for (const auto& limit : test.limits) {
      const auto* metric = run::find_metric(limit.metric);
      const bool judged = metric != nullptr && metric->kind == run::MetricKind::response_quantile &&
                          metric->quantile < 1 && is_upper(limit);
      if (!judged) continue;
      const auto [entry, fresh] = limits.emplace(limit.metric, limit.value);
      if (!fresh) entry->second = std::min(entry->second, limit.value);
    }
  }
  return limits;
}

// How far the generator may be off at each quantile that is judged; at p99 always, since time-outs
// count from the intended time in every run.
std::map<std::string, double> allowed_off_ms(const run::Plan& plan) {
  std::map<std::string, double> allowed = response_limits_ms(plan);
  for (auto& [name, ms] : allowed) ms = std::max(ms * kLagShareMax, kLagFloorMs);
  const double by_time_out = core::to_millis(plan.load.timeout) * kLagShareMax;
  const auto [p99, fresh] = allowed.emplace("p99", std::max(by_time_out, kLagFloorMs));
  if (!fresh) p99->second = std::min(p99->second, std::max(by_time_out, kLagFloorMs));
  // The median is compared in every run, if only to be reported.
  allowed.emplace("p50", p99->second);
  return allowed;
}

void check_lag(const run::Record& record, run::SelfCheck& check) {
  const auto& latencies = run::measured_totals(record).latencies;
  if (latencies.send_lag.empty()) return;
  const auto limits = response_limits_ms(record.plan);
  const auto hold = [&](std::string_view name, double q, double allowed_ms,
                        std::string_view against) {
    const double lag_ms = latencies.send_lag.quantile_ms(q);
    if (lag_ms <= std::max(allowed_ms, kLagFloorMs)) return;
    check.reasons.push_back(fmt::format(
        "send lag {} was {}, above {} ({})", name, run::format_value(lag_ms, Unit::milliseconds),
        run::format_value(std::max(allowed_ms, kLagFloorMs), Unit::milliseconds), against));
  };
  for (const auto& [name, limit_ms] : limits) {
    hold(name, run::find_metric(name)->quantile, limit_ms * kLagShareMax, "a tenth of the limit");
  }
  // Time-outs count from the intended time as well, in every run.
  hold("p99", 0.99, core::to_millis(record.plan.load.timeout) * kLagShareMax,
       "a tenth of the time-out");
}

// Open loop: whether the generator got to what came due.
void check_dispatched(const run::Record& record, run::SelfCheck& check) {
  const auto& counts = run::measured_totals(record).counts;
  const auto scheduled = static_cast<double>(counts.scheduled);
  const auto dispatched = static_cast<double>(counts.dispatched);
  if (dispatched >= kDispatchedShareMin * scheduled) return;
  check.reasons.push_back(fmt::format("the generator got to {} of {} messages that came due",
                                      core::format_count(counts.dispatched),
                                      core::format_count(counts.scheduled)));
}

// How far the count of scheduled messages may be from the expected one: arrivals come in bursts,
// and each thread's schedule may have one more or one less of them in the phase.
double scheduled_off_max(const run::Record& record, double expected) {
  const auto& load = record.plan.load;
  const double burst = load.burst;
  if (load.arrivals == run::Arrivals::poisson) {
    return std::max(kScheduledSigmasMax * std::sqrt(expected * burst), burst);
  }
  const double threads = std::max({load.threads, record.host.cores, 1U});
  return std::max(kScheduledOffMax * expected, 2 * burst * threads);
}

// What came due before a gap is known by the second alone, and a second on the edge of a phase is
// counted in one of them.
double edges_of_gaps(const run::Record& record) {
  return record.gaps.empty()
             ? 0
             : record.plan.load.rate * (1 + static_cast<double>(record.gaps.size()));
}

// Open loop: whether the schedule itself was kept. A phase that was cut short has no known length
// to hold it against.
void check_schedule(const run::Record& record, run::SelfCheck& check) {
  if (!run::measure(record).complete) return;
  const double length_s = core::to_seconds(record.plan.phases[record.measured_phase()].duration);
  const double expected = record.plan.load.rate * length_s;
  const auto scheduled = static_cast<double>(run::measured_totals(record).counts.scheduled);
  const double off_max = scheduled_off_max(record, expected) + edges_of_gaps(record);
  if (std::abs(scheduled - expected) <= off_max) return;
  check.reasons.push_back(
      fmt::format("{:.0f} messages were scheduled where {:.0f} were due", scheduled, expected));
}

void check_cpu(run::SelfCheck& check) {
  if (check.cpu_busiest_thread <= kBusiestThreadMax) return;
  check.reasons.push_back(fmt::format("generator thread saturated: {:.2f} of a core, above {:.2f}",
                                      check.cpu_busiest_thread, kBusiestThreadMax));
}

void fill_lag(const stats::Histogram& lag, run::SelfCheck& check) {
  check.send_lag_ms_p50 = lag.quantile_ms(0.5);
  check.send_lag_ms_p95 = lag.quantile_ms(0.95);
  check.send_lag_ms_p99 = lag.quantile_ms(0.99);
  check.send_lag_ms_max = static_cast<double>(lag.max_us()) / 1e3;
}

void check_cores(const run::Record& record, run::SelfCheck& check) {
  const auto measured = run::measure(record);
  const auto shares = core_shares(record, measured.start_s, measured.end_s);
  check.machine_busy = why_busy(shares);
  if (!shares) return;
  check.others_cpu_share = shares->others;
  check.target_wait_share = shares->target_wait;
}

}  // namespace

double allowed_lag_ms(const run::Plan& plan) { return allowed_off_ms(plan).at("p99"); }

run::SelfCheck assess(const run::Record& record) {
  run::SelfCheck check = record.self_check;
  check.reasons.clear();
  const auto& totals = run::measured_totals(record);
  const double length_s = run::measure(record).length_s();
  fill_lag(totals.latencies.send_lag, check);
  check.offered_per_s = run::offered_per_s(record);
  check.achieved_per_s = run::measure(record).achieved_per_s;
  check.floor_share = run::floor_share(record);
  check.dispatched_per_s =
      length_s > 0 ? static_cast<double>(totals.counts.dispatched) / length_s : 0;
  check_lag(record, check);
  if (record.plan.load.arrivals != run::Arrivals::closed) {
    check_dispatched(record, check);
    check_schedule(record, check);
  }
  check_cpu(check);
  check_probe(record, allowed_off_ms(record.plan), check);
  check_cores(record, check);
  check.trusted = check.reasons.empty();
  return check;
}

}  // namespace gauntlet::verdict
