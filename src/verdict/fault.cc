#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/quantity.h"
#include "run/measured.h"
#include "stats/recovery.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

namespace {

using run::FaultRecord;
using stats::RecoveryWindow;

// The latest windows before the fault that make up its baseline.
constexpr std::size_t kBaselineWindowsMax = 30;
// Seconds do not end at exact whole seconds.
constexpr double kEdgeS = 0.05;

// Completed messages, at the planned rate: arrivals at random alone make a second of a slow load
// ten per cent smaller, which is no loss of goodput.
double goodput(const run::Second& second, const run::LoadPlan& load) {
  const auto completed = static_cast<double>(second.counts.completed);
  if (load.arrivals == run::Arrivals::closed || second.counts.scheduled == 0) return completed;
  return completed * load.rate * second.length / static_cast<double>(second.counts.scheduled);
}

RecoveryWindow to_window(const run::Second& second, const run::LoadPlan& load) {
  return {.t = second.t,
          .length_s = second.length,
          .goodput = goodput(second, load),
          .scheduled = static_cast<double>(second.counts.scheduled),
          .errors = static_cast<double>(run::sum(second.counts.errors)),
          .p99_ms = second.response_p99_ms,
          .victims_back = second.victims_waiting == 0,
          .outstanding = static_cast<double>(second.outstanding)};
}

std::vector<RecoveryWindow> windows_within(const run::Record& record, double from_s, double to_s) {
  std::vector<RecoveryWindow> windows;
  for (const auto& second : record.seconds) {
    const bool inside = second.t - second.length >= from_s - kEdgeS && second.t <= to_s;
    if (inside) windows.push_back(to_window(second, record.plan.load));
  }
  return windows;
}

// Steady windows before the first fault of the run: from the measured phase on where that comes
// before it, else from the begin of the load.
std::vector<RecoveryWindow> windows_before(const run::Record& record, const FaultRecord& fault) {
  double first_fault_s = fault.start_s;
  for (const auto& other : record.faults) {
    if (other.has_evidence) first_fault_s = std::min(first_fault_s, other.start_s);
  }
  const double measured_s = run::measure(record).start_s;
  const double from_s = measured_s < first_fault_s ? measured_s : 0;
  auto windows = windows_within(record, from_s, first_fault_s);
  if (windows.size() <= kBaselineWindowsMax) return windows;
  return {windows.end() - static_cast<std::ptrdiff_t>(kBaselineWindowsMax), windows.end()};
}

// The windows since the fault began, up to the next fault or the end of the load. The one in which
// the fault begins is among them.
std::vector<RecoveryWindow> windows_since(const run::Record& record, const FaultRecord& fault) {
  const run::Plan& plan = record.plan;
  double to_s = core::to_seconds(run::phase_start(plan, plan.phases.size())) + kEdgeS;
  for (const auto& other : record.faults) {
    if (other.start_s > fault.start_s) to_s = std::min(to_s, other.start_s);
  }
  std::vector<RecoveryWindow> windows;
  for (const auto& second : record.seconds) {
    if (second.t > fault.start_s && second.t <= to_s)
      windows.push_back(to_window(second, record.plan.load));
  }
  return windows;
}

// The tightest p99 limit of the suite; 0 where it has none.
double p99_limit_ms(const run::Plan& plan) {
  double tightest = 0;
  for (const auto& test : plan.tests) {
    for (const auto& limit : test.limits) {
      if (limit.metric != "p99") continue;
      tightest = tightest > 0 ? std::min(tightest, limit.value) : limit.value;
    }
  }
  return tightest;
}

std::string fault_evidence(const FaultRecord& fault) {
  auto text = fmt::format("{} at {:.1f} s: {} victims, {} back", fault.id, fault.start_s,
                          core::format_count(fault.victims), core::format_count(fault.reconnected));
  if (fault.reconnected > 0) {
    text += fmt::format(", the last after {:.2f} s", fault.last_reconnect_s - fault.start_s);
  }
  for (const auto& [name, value] : fault.evidence) text += fmt::format(", {} {}", name, value);
  return text;
}

std::string recovery_evidence(const stats::Recovery& recovery, std::size_t baseline_windows) {
  const auto& baseline = recovery.baseline;
  auto text = fmt::format("baseline of {} windows: {}, p99 {:.3g} ms, error rate {:.3g} %",
                          baseline_windows, core::format_rate(baseline.goodput_per_s),
                          baseline.p99_ms, baseline.error_rate * 100);
  if (recovery.detected_s) text += fmt::format("; detected after {:.1f} s", *recovery.detected_s);
  if (recovery.relapses > 0) text += fmt::format("; {} relapses", recovery.relapses);
  return text;
}

Observed never_recovered(const run::Record& record, const stats::Recovery& recovery,
                         std::string evidence) {
  const double looked_s = recovery.censored->since_start_s;
  if (record.interrupted) {
    return inconclusive(fmt::format("interrupted: not recovered after {:.1f} s", looked_s),
                        std::move(evidence));
  }
  return std::unexpected(Unobserved{run::Outcome::fail, "never",
                                    fmt::format("never recovered (censored at {:.1f} s)", looked_s),
                                    std::move(evidence)});
}

// Recovery cannot be before the last victim was back, which is known more finely than windows.
double recovered_after_s(const FaultRecord& fault, const stats::RecoveryTime& time) {
  if (fault.reconnected == 0) return time.since_start_s;
  return std::max(time.since_start_s, fault.last_reconnect_s - fault.start_s);
}

Observed observe_recovery(const run::Record& record, const FaultRecord& fault) {
  const auto before = windows_before(record, fault);
  const auto since = windows_since(record, fault);
  const stats::RecoveryRule rule{.p99_limit_ms = p99_limit_ms(record.plan)};
  const auto recovery = stats::recovery_of(before, since, fault.start_s, fault.end_s, rule);
  auto evidence = fault_evidence(fault) + "; " + recovery_evidence(recovery, before.size());
  switch (recovery.status) {
    case stats::RecoveryStatus::recovered: {
      const double after_s = recovered_after_s(fault, *recovery.recovered);
      return exact(after_s, run::format_value(after_s, run::Unit::seconds), std::move(evidence));
    }
    case stats::RecoveryStatus::never:
      return never_recovered(record, recovery, std::move(evidence));
    case stats::RecoveryStatus::no_baseline:
      return inconclusive(
          fmt::format("too_few_samples: no baseline of {} good windows before the fault",
                      rule.windows),
          fault_evidence(fault));
    case stats::RecoveryStatus::too_short: break;
  }
  return inconclusive(
      fmt::format("{}: fewer than {} windows after the fault",
                  record.interrupted ? "interrupted" : "too_few_samples", rule.windows),
      fault_evidence(fault));
}

Observed observe_reconnected(const FaultRecord& fault) {
  if (fault.victims == 0) {
    return inconclusive("no_samples: the fault had no victim", fault_evidence(fault));
  }
  const double share = static_cast<double>(fault.reconnected) / static_cast<double>(fault.victims);
  return exact(share, run::format_value(share, run::Unit::ratio), fault_evidence(fault));
}

}  // namespace

Observed observe_fault(const run::Record& record, const run::Test& test,
                       const run::Metric& metric) {
  const auto fault = std::ranges::find(record.faults, test.fault, &FaultRecord::id);
  if (fault == record.faults.end()) {
    return inconclusive(fmt::format("{}: the fault {} did not happen",
                                    record.interrupted ? "interrupted" : "no_evidence",
                                    test.fault));
  }
  if (!fault->skipped.empty()) {
    return std::unexpected(Unobserved{run::Outcome::skipped, "none", fault->skipped, {}});
  }
  if (!fault->has_evidence) {
    return inconclusive(
        fmt::format("no_evidence: nothing shows that the fault {} took effect", test.fault),
        fault_evidence(*fault));
  }
  return metric.kind == run::MetricKind::recovery ? observe_recovery(record, *fault)
                                                  : observe_reconnected(*fault);
}

}  // namespace gauntlet::verdict
