#include "verdict/fault_windows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/clock.h"
#include "run/measured.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

namespace {

using run::FaultRecord;
using stats::RecoveryWindow;
using Windows = std::vector<RecoveryWindow>;

// The latest windows before the fault that make up its baseline.
constexpr std::size_t kBaselineWindowsMax = 30;
// Seconds do not end at exact whole seconds.
constexpr double kEdgeS = 0.05;
// Faults that begin this soon after one has ended cannot be told apart from it by seconds.
constexpr double kTogetherS = 1;

double load_factor(const run::Record& record, const run::Second& second) {
  const auto& phases = record.plan.phases;
  return second.phase < phases.size() ? phases[second.phase].rate_factor : 1;
}

// Completed messages, at the planned rate: arrivals at random alone make a second of a slow load
// ten per cent smaller, which is no loss of goodput.
double goodput(const run::Record& record, const run::Second& second) {
  const auto& load = record.plan.load;
  const auto completed = static_cast<double>(second.counts.completed);
  if (load.arrivals == run::Arrivals::closed || second.counts.scheduled == 0) return completed;
  return completed * load.rate * load_factor(record, second) * second.length /
         static_cast<double>(second.counts.scheduled);
}

RecoveryWindow to_window(const run::Record& record, const run::Second& second) {
  return {
      .t = second.t,
      .length_s = second.length,
      .goodput = goodput(record, second),
      .scheduled = static_cast<double>(second.counts.scheduled),
      .errors = static_cast<double>(run::sum(second.counts.errors)),
      .p99_ms = second.response_p99_ms,
      .victims_back = second.victims_waiting == 0,
      .outstanding = static_cast<double>(second.outstanding),
      .retries = static_cast<double>(second.counts.retries),
      .p50_ms = second.response_p50_ms,
      .load_factor = load_factor(record, second),
      .signal_s = second.first_signal_s > 0 ? std::optional(second.first_signal_s) : std::nullopt};
}

Windows windows_before(const run::Record& record, const FaultRecord& fault) {
  double first_fault_s = fault.start_s;
  for (const auto& other : record.faults) {
    if (other.has_evidence) first_fault_s = std::min(first_fault_s, other.start_s);
  }
  const double measured_s = run::measure(record).start_s;
  const double from_s = measured_s < first_fault_s ? measured_s : 0;
  Windows windows;
  for (const auto& second : record.seconds) {
    const bool inside = second.t - second.length >= from_s - kEdgeS && second.t <= first_fault_s;
    if (inside && load_factor(record, second) == 1) windows.push_back(to_window(record, second));
  }
  if (windows.size() <= kBaselineWindowsMax) return windows;
  return {windows.end() - static_cast<std::ptrdiff_t>(kBaselineWindowsMax), windows.end()};
}

// When the fault, and those that came on top of it, were over.
double end_of_all(const run::Record& record, const FaultRecord& fault) {
  double end_s = std::max(fault.end_s, fault.start_s);
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& other : record.faults) {
      const bool joins = other.has_evidence && other.start_s >= fault.start_s &&
                         other.start_s <= end_s + kTogetherS && other.end_s > end_s;
      if (joins) end_s = other.end_s;
      grown |= joins;
    }
  }
  return end_s;
}

// The begin of the next fault that is not one with this one, or the end of the load.
double end_of_view(const run::Record& record, double end_s) {
  const run::Plan& plan = record.plan;
  double to_s = core::to_seconds(run::phase_start(plan, plan.phases.size())) + kEdgeS;
  for (const auto& other : record.faults) {
    if (other.has_evidence && other.start_s > end_s) to_s = std::min(to_s, other.start_s);
  }
  return to_s;
}

// Whether every victim of the fault is back at `t`, where each of them is known.
bool victims_back_at(const FaultRecord& fault, double t) {
  return std::ranges::all_of(fault.clients, [&](const run::Victim& victim) {
    return victim.back_after_s && fault.start_s + *victim.back_after_s <= t;
  });
}

// The windows since the fault began; the one in which it begins is among them.
Windows windows_since(const run::Record& record, const FaultRecord& fault, double to_s) {
  Windows windows;
  for (const auto& second : record.seconds) {
    if (second.t <= fault.start_s || second.t > to_s) continue;
    windows.push_back(to_window(record, second));
    windows.back().victims_back &= victims_back_at(fault, second.t);
  }
  return windows;
}

// The part of the windows in which the fault was felt: all of them, where it never ended.
Windows felt(const Windows& since, const FaultRecord& fault, const run::FaultAnalysis& analysis) {
  if (!analysis.recovery.recovered) return since;
  const double back_s = fault.start_s + analysis.recovery.recovered->since_start_s;
  const double until_s = std::max(back_s, analysis.end_s);
  Windows windows;
  for (const auto& window : since) {
    if (windows.empty() || window.t - window.length_s < until_s) windows.push_back(window);
  }
  return windows;
}

stats::Shift relative(stats::Shift shift, double to) {
  return {shift.value / to, shift.low / to, shift.high / to};
}

void compare_after(const Windows& before, const Windows& since, const FaultRecord& fault,
                   run::FaultAnalysis& analysis) {
  if (!analysis.recovery.recovered) return;
  const double back_s = fault.start_s + analysis.recovery.recovered->since_start_s;
  std::vector<double> p50_before, p50_after, missing_before, missing_after;
  const auto take = [](const RecoveryWindow& window, auto& p50, auto& missing) {
    p50.push_back(window.p50_ms);
    missing.push_back(-window.goodput / window.length_s);
  };
  for (const auto& window : before) take(window, p50_before, missing_before);
  for (const auto& window : since) {
    const bool after = window.t - window.length_s >= back_s - kEdgeS && window.load_factor == 1;
    if (after && window.length_s > 0) take(window, p50_after, missing_after);
  }
  double middle_ms = 0;
  for (const double p50 : p50_before) middle_ms += p50 / static_cast<double>(p50_before.size());
  if (const auto shift = stats::hodges_lehmann(p50_before, p50_after))
    analysis.residual_p50 = relative(*shift, std::max(middle_ms, kResidualResolutionMs));
  if (const auto shift = stats::hodges_lehmann(missing_before, missing_after))
    analysis.residual_goodput = relative(*shift, analysis.recovery.baseline.goodput_per_s);
}

run::ReconnectTimes reconnect_times(const FaultRecord& fault) {
  std::vector<double> times;
  for (const auto& victim : fault.clients)
    if (victim.back_after_s) times.push_back(*victim.back_after_s);
  std::ranges::sort(times);
  const auto victims = static_cast<double>(fault.clients.size());
  const auto at = [&](double q) -> std::optional<double> {
    const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(q * victims)));
    return rank <= times.size() ? std::optional(times[rank - 1]) : std::nullopt;
  };
  return {.victims = fault.clients.size(),
          .back = times.size(),
          .p50_s = at(0.5),
          .p95_s = at(0.95),
          .p99_s = at(0.99),
          .max_s = at(1)};
}

void note_detection(const FaultRecord& fault, run::FaultAnalysis& analysis) {
  analysis.detected_s = analysis.recovery.detected_s;
  if (analysis.detected_s) analysis.detected_by = "clients";
  if (!fault.noticed_s || *fault.noticed_s < fault.start_s) return;
  const double noticed_s = *fault.noticed_s - fault.start_s;
  if (analysis.detected_s && *analysis.detected_s <= noticed_s) return;
  analysis.detected_s = noticed_s;
  analysis.detected_by = fault.noticed_by;
}

// What the clients of all other groups completed per second, in the whole seconds of a time.
double others_per_s(const run::Record& record, std::uint32_t group, double from_s, double to_s) {
  double completed = 0, length_s = 0;
  for (const auto& second : record.seconds) {
    if (second.t - second.length < from_s - kEdgeS || second.t > to_s + kEdgeS) continue;
    length_s += second.length;
    for (std::size_t i = 0; i < run::kClientGroups; ++i)
      if (i != group) completed += static_cast<double>(second.group_completed[i]);
  }
  return length_s > 0 ? completed / length_s : 0;
}

// Nothing where the fault was too short to have a whole second.
std::optional<run::Untargeted> untargeted_by(const run::Record& record, const FaultRecord& fault) {
  const std::uint32_t group = *fault.only_group;
  const double measured_s = run::measure(record).start_s;
  double first_s = fault.start_s;
  for (const auto& other : record.faults)
    if (other.has_evidence) first_s = std::min(first_s, other.start_s);
  const double before = others_per_s(record, group, measured_s, first_s);
  const double meanwhile = others_per_s(record, group, fault.start_s, fault.end_s);
  if (before <= 0 || fault.end_s - fault.start_s < 1) return std::nullopt;
  const std::uint64_t all = record.plan.load.connections;
  const std::uint64_t hit = all / run::kClientGroups + (group < all % run::kClientGroups ? 1 : 0);
  return run::Untargeted{
      .clients = all - hit, .completed_per_s = meanwhile, .baseline_per_s = before};
}

}  // namespace

run::FaultAnalysis analyse_fault(const run::Record& record, const FaultRecord& fault) {
  const auto& plan = record.plan;
  const double own_ms = run::tightest_p99_ms(plan.tests);
  const stats::RecoveryRule rule{.p99_limit_ms = own_ms > 0 ? own_ms : plan.p99_limit_ms};
  run::FaultAnalysis analysis;
  analysis.end_s = end_of_all(record, fault);
  const auto before = windows_before(record, fault);
  const auto since = windows_since(record, fault, end_of_view(record, analysis.end_s));
  analysis.baseline_windows = before.size();
  analysis.looked_s = since.empty() ? fault.start_s : since.back().t;
  analysis.recovery = stats::recovery_of(before, since, fault.start_s, analysis.end_s, rule);
  analysis.impact = stats::impact_of(felt(since, fault, analysis), analysis.recovery.baseline);
  compare_after(before, since, fault, analysis);
  analysis.reconnects = reconnect_times(fault);
  note_detection(fault, analysis);
  return analysis;
}

void analyse_faults(run::Record& record) {
  for (auto& fault : record.faults) {
    if (!fault.has_evidence) continue;
    fault.analysis = analyse_fault(record, fault);
    if (fault.only_group) fault.untargeted = untargeted_by(record, fault);
  }
}

}  // namespace gauntlet::verdict
