// Metrics of a fault: each of its occurrences is looked at apart, and the worst one counts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/quantity.h"
#include "verdict/fault_windows.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

namespace {

using run::FaultAnalysis;
using run::FaultRecord;
using run::MetricKind;
using run::Unit;

std::string fault_evidence(const FaultRecord& fault) {
  auto text = fmt::format("{} at {:.1f} s: {} victims, {} back", fault.id, fault.start_s,
                          core::format_count(fault.victims), core::format_count(fault.reconnected));
  if (fault.reconnected > 0) {
    text += fmt::format(", the last after {:.2f} s", fault.last_reconnect_s - fault.start_s);
  }
  for (const auto& [name, value] : fault.evidence) text += fmt::format(", {} {}", name, value);
  return text;
}

std::string baseline_evidence(const FaultAnalysis& analysis) {
  const auto& baseline = analysis.recovery.baseline;
  auto text = fmt::format("baseline of {} windows: {}, p99 {:.3g} ms, error rate {:.3g} %",
                          analysis.baseline_windows, core::format_rate(baseline.goodput_per_s),
                          baseline.p99_ms, baseline.error_rate * 100);
  if (analysis.detected_s) text += fmt::format("; detected after {:.1f} s", *analysis.detected_s);
  if (analysis.recovery.relapses > 0)
    text += fmt::format("; {} relapses", analysis.recovery.relapses);
  return text;
}

std::string impact_evidence(const FaultAnalysis& analysis) {
  const auto& impact = analysis.impact;
  return fmt::format("in {} windows {} messages of goodput were missing, {:.3g} % in the worst",
                     impact.windows, core::format_count(static_cast<std::uint64_t>(impact.lost)),
                     impact.worst_share * 100);
}

std::unexpected<Unobserved> failed(std::string observed, std::string reason, std::string evidence) {
  return std::unexpected(
      Unobserved{run::Outcome::fail, std::move(observed), std::move(reason), std::move(evidence)});
}

// What every metric needs that compares with the time before the fault.
Observed lacks_windows(const run::Record& record, const FaultRecord& fault,
                       const FaultAnalysis& analysis) {
  const stats::RecoveryRule rule;
  if (analysis.recovery.status == stats::RecoveryStatus::no_baseline)
    return inconclusive(
        fmt::format("too_few_samples: no baseline of {} good windows before the fault",
                    rule.windows),
        fault_evidence(fault));
  return inconclusive(
      fmt::format("{}: fewer than {} windows after the fault",
                  record.interrupted ? "interrupted" : "too_few_samples", rule.windows),
      fault_evidence(fault));
}

bool has_windows(const FaultAnalysis& analysis) {
  const auto status = analysis.recovery.status;
  return status == stats::RecoveryStatus::recovered || status == stats::RecoveryStatus::never;
}

Observed never_recovered(const run::Record& record, const FaultAnalysis& analysis,
                         std::string evidence) {
  const double looked_s = analysis.recovery.censored->since_start_s;
  if (record.interrupted)
    return inconclusive(fmt::format("interrupted: not recovered after {:.1f} s", looked_s),
                        std::move(evidence));
  if (analysis.recovery.metastable)
    return failed("never",
                  fmt::format("metastable: the fault was over and the load unchanged, not "
                              "recovered until {:.1f} s; less load ended it",
                              looked_s),
                  std::move(evidence));
  return failed("never", fmt::format("never recovered (censored at {:.1f} s)", looked_s),
                std::move(evidence));
}

// Recovery cannot be before the last victim was back, which is known more finely than windows.
double recovered_after_s(const FaultRecord& fault, double windows_s, double from_s) {
  if (fault.reconnected == 0) return windows_s;
  return std::max(windows_s, fault.last_reconnect_s - from_s);
}

Observed observe_recovery(const run::Record& record, const FaultRecord& fault,
                          const FaultAnalysis& analysis, MetricKind kind) {
  auto evidence = fault_evidence(fault) + "; " + baseline_evidence(analysis);
  if (!has_windows(analysis)) return lacks_windows(record, fault, analysis);
  if (!analysis.recovery.recovered) return never_recovered(record, analysis, std::move(evidence));
  const bool healed = kind == MetricKind::healed;
  const auto pick = [&](const stats::RecoveryTime& time) {
    return healed ? time.since_end_s : time.since_start_s;
  };
  const double value = recovered_after_s(fault, pick(*analysis.recovery.recovered),
                                         healed ? analysis.end_s : fault.start_s);
  evidence +=
      fmt::format("; good again between {:.1f} and {:.1f} s after it {}",
                  pick(*analysis.recovery.recovered_earliest), value, healed ? "ended" : "began");
  return exact(value, run::format_value(value, Unit::seconds), std::move(evidence));
}

Observed observe_detection(const FaultRecord& fault, const FaultAnalysis& analysis) {
  const auto evidence = fault_evidence(fault);
  if (!analysis.detected_s)
    return failed(
        "never",
        fmt::format("never detected (censored at {:.1f} s)", analysis.looked_s - fault.start_s),
        evidence);
  return exact(*analysis.detected_s, run::format_value(*analysis.detected_s, Unit::seconds),
               fmt::format("{}; first noticed by {}", evidence, analysis.detected_by));
}

double impact_value(const stats::Impact& impact, MetricKind kind) {
  switch (kind) {
    case MetricKind::depth: return impact.worst_share;
    case MetricKind::throughput_lost: return impact.lost_share;
    case MetricKind::peak_error_rate: return impact.peak_error_rate;
    case MetricKind::fault_error_rate: return impact.error_rate;
    default: return impact.attempts_per_message;
  }
}

Observed observe_impact(const run::Record& record, const FaultRecord& fault,
                        const FaultAnalysis& analysis, const run::Metric& metric) {
  const bool compares =
      metric.kind == MetricKind::depth || metric.kind == MetricKind::throughput_lost;
  if (compares && !has_windows(analysis)) return lacks_windows(record, fault, analysis);
  if (analysis.impact.windows == 0)
    return inconclusive("no_samples: no second of the fault was seen", fault_evidence(fault));
  const double value = impact_value(analysis.impact, metric.kind);
  return exact(value, run::format_value(value, metric.unit),
               fault_evidence(fault) + "; " + impact_evidence(analysis));
}

Observed observe_relapses(const run::Record& record, const FaultRecord& fault,
                          const FaultAnalysis& analysis) {
  if (!has_windows(analysis)) return lacks_windows(record, fault, analysis);
  const auto relapses = static_cast<double>(analysis.recovery.relapses);
  return exact(relapses, run::format_value(relapses, Unit::count), fault_evidence(fault));
}

Observed observe_residual(const run::Record& record, const FaultRecord& fault,
                          const FaultAnalysis& analysis, const run::Metric& metric) {
  const auto evidence = fault_evidence(fault) + "; " + baseline_evidence(analysis);
  if (!has_windows(analysis)) return lacks_windows(record, fault, analysis);
  if (!analysis.recovery.recovered) return never_recovered(record, analysis, evidence);
  const auto& shift =
      metric.kind == MetricKind::residual_p50 ? analysis.residual_p50 : analysis.residual_goodput;
  if (!shift)
    return inconclusive(fmt::format("too_few_samples: fewer than {} windows after recovery",
                                    stats::kShiftSamplesMin),
                        evidence);
  const auto text = run::format_value(shift->value, metric.unit);
  const auto interval = fmt::format("Hodges-Lehmann shift {} (95 % CI {} to {})", text,
                                    run::format_value(shift->low, metric.unit),
                                    run::format_value(shift->high, metric.unit));
  return Observation{.value = shift->value,
                     .low = shift->low,
                     .high = shift->high,
                     .text = text,
                     .evidence = evidence + "; " + interval,
                     .doubt = "uncertain: " + interval};
}

Observed observe_untargeted(const FaultRecord& fault, const run::Metric& metric) {
  if (!fault.untargeted || fault.untargeted->baseline_per_s <= 0)
    return inconclusive("no_samples: no client can be told to be none of its victims",
                        fault_evidence(fault));
  const auto& others = *fault.untargeted;
  const double share = others.completed_per_s / others.baseline_per_s;
  return exact(share, run::format_value(share, metric.unit),
               fmt::format("{}; {} other clients: {}, before the fault {}", fault_evidence(fault),
                           others.clients, core::format_rate(others.completed_per_s),
                           core::format_rate(others.baseline_per_s)));
}

Observed observe_reconnects(const FaultRecord& fault, const FaultAnalysis& analysis,
                            const run::Metric& metric) {
  const auto& times = analysis.reconnects;
  const auto evidence = fault_evidence(fault);
  if (times.victims == 0) return inconclusive("no_samples: the fault had no victim", evidence);
  const auto time = metric.quantile == 1      ? times.max_s
                    : metric.quantile >= 0.99 ? times.p99_s
                    : metric.quantile >= 0.95 ? times.p95_s
                                              : times.p50_s;
  if (!time)
    return failed(
        "never",
        fmt::format("{} of {} victims were never back", times.victims - times.back, times.victims),
        evidence);
  return exact(*time, run::format_value(*time, metric.unit), evidence);
}

Observed observe_reconnected(const FaultRecord& fault) {
  if (fault.victims == 0) {
    return inconclusive("no_samples: the fault had no victim", fault_evidence(fault));
  }
  const double share = static_cast<double>(fault.reconnected) / static_cast<double>(fault.victims);
  return exact(share, run::format_value(share, Unit::ratio), fault_evidence(fault));
}

Observed observe_occurrence(const run::Record& record, const FaultRecord& fault,
                            const run::Test& test, const run::Metric& metric) {
  // A climb's verdict knows only the tests of all levels, and what was analysed with its own
  // level's.
  const auto analysis = fault.analysis ? *fault.analysis : analyse_fault(record, fault);
  switch (metric.kind) {
    case MetricKind::recovery:
    case MetricKind::healed: return observe_recovery(record, fault, analysis, metric.kind);
    case MetricKind::detection: return observe_detection(fault, analysis);
    case MetricKind::depth:
    case MetricKind::throughput_lost:
    case MetricKind::peak_error_rate:
    case MetricKind::fault_error_rate:
    case MetricKind::amplification: return observe_impact(record, fault, analysis, metric);
    case MetricKind::relapses: return observe_relapses(record, fault, analysis);
    case MetricKind::residual_p50:
    case MetricKind::residual_goodput: return observe_residual(record, fault, analysis, metric);
    case MetricKind::untargeted_goodput: return observe_untargeted(fault, metric);
    case MetricKind::unrecovered:
    case MetricKind::excess_quantile: return observe_hit(record, fault, metric);
    case MetricKind::clients_hit:
    case MetricKind::tool_error_rate:
    case MetricKind::final_goodput:
    case MetricKind::final_error_rate: return observe_fault_phase(record, fault, test, metric);
    case MetricKind::reconnect_quantile: return observe_reconnects(fault, analysis, metric);
    default: return observe_reconnected(fault);
  }
}

// An occurrence that has no value is worse than any that has one; a FAIL is the worst.
bool is_worse(const Observed& a, const Observed& b, bool upper) {
  const auto rank = [](const Observed& seen) {
    if (seen) return 0;
    return seen.error().outcome == run::Outcome::fail ? 2 : 1;
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  if (!a) return false;
  return upper ? a->high > b->high : a->low < b->low;
}

Observed worst_of(const std::vector<Observed>& all, const run::Limit& limit) {
  const bool upper =
      limit.comparison == run::Comparison::below || limit.comparison == run::Comparison::at_most;
  const auto worse = [&](const Observed& a, const Observed& b) { return is_worse(b, a, upper); };
  auto worst = *std::ranges::max_element(all, worse);
  if (worst && all.size() > 1) {
    std::vector<std::string> texts;
    for (const auto& seen : all) texts.push_back(seen->text);
    worst->evidence +=
        fmt::format("; the worst of {} occurrences: {}", all.size(), fmt::join(texts, ", "));
  }
  return worst;
}

// A fault that was planned together with this one, and that the target was not given: what is left
// of the two is not what the test is about.
const FaultRecord* missing_beside(const run::Record& record, const FaultRecord& fault) {
  constexpr double kTogetherS = 1;  // as where faults are judged as one
  const auto found = std::ranges::find_if(record.faults, [&](const FaultRecord& other) {
    return !other.skipped.empty() && other.end_s > 0 && other.start_s <= fault.end_s + kTogetherS &&
           fault.start_s <= other.end_s + kTogetherS;
  });
  return found == record.faults.end() ? nullptr : &*found;
}

// Why the fault cannot be judged at all; nothing where it can.
std::optional<Unobserved> why_not(const run::Record& record, const std::string& id,
                                  const std::vector<const FaultRecord*>& occurrences) {
  const auto no = [](std::string reason, std::string evidence = {}) {
    return inconclusive(std::move(reason), std::move(evidence)).error();
  };
  const auto* missing = record.interrupted ? "interrupted" : "no_evidence";
  if (occurrences.empty()) return no(fmt::format("{}: the fault {} did not happen", missing, id));
  for (const auto* fault : occurrences) {
    if (!fault->skipped.empty())
      return Unobserved{run::Outcome::skipped, "none", fault->skipped, ""};
    if (const auto* other = missing_beside(record, *fault))
      return Unobserved{
          run::Outcome::skipped, "none",
          fmt::format("{}, which belongs to it, was skipped: {}", other->id, other->skipped), ""};
    if (!fault->has_evidence)
      return no(fmt::format("no_evidence: nothing shows that the fault {} took effect", id),
                fault_evidence(*fault));
  }
  const auto planned = std::ranges::find(record.plan.faults, id, &run::Fault::id);
  if (planned != record.plan.faults.end() && occurrences.size() < planned->times)
    return no(fmt::format("{}: the fault {} happened {} times of {}", missing, id,
                          occurrences.size(), planned->times));
  return std::nullopt;
}

}  // namespace

Observed observe_fault(const run::Record& record, const run::Test& test, const run::Metric& metric,
                       const run::Limit& limit) {
  std::vector<const FaultRecord*> occurrences;
  for (const auto& fault : record.faults)
    if (fault.id == test.fault) occurrences.push_back(&fault);
  if (auto reason = why_not(record, test.fault, occurrences))
    return std::unexpected(std::move(*reason));
  std::vector<Observed> all;
  for (const auto* fault : occurrences)
    all.push_back(observe_occurrence(record, *fault, test, metric));
  return worst_of(all, limit);
}

}  // namespace gauntlet::verdict
