// What the totals of phases say about a fault: its own phase, and the last one, in which all has to
// be well again.
#include <fmt/format.h>

#include <algorithm>

#include "core/quantity.h"
#include "run/measured.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

namespace {

// The index of the fault's phase; phases.size() where it has none.
std::size_t phase_of(const run::Record& record, const run::FaultRecord& fault) {
  const auto& phases = record.plan.phases;
  const auto planned = std::ranges::find(record.plan.faults, fault.id, &run::Fault::id);
  if (planned == record.plan.faults.end()) return phases.size();
  return static_cast<std::size_t>(std::ranges::find(phases, planned->phase, &run::Phase::name) -
                                  phases.begin());
}

Observed share(const run::Metric& metric, std::uint64_t part, std::uint64_t whole,
               const std::string& what) {
  const double value = static_cast<double>(part) / static_cast<double>(whole);
  return exact(
      value, run::format_value(value, metric.unit),
      fmt::format("{} of {} {}", core::format_count(part), core::format_count(whole), what));
}

Observed observe_tool(const run::Record& record, const run::PhaseTotals& totals,
                      const run::Test& test, const run::Metric& metric) {
  run::OperationCounts sum;
  const auto& mix = record.plan.load.mix;
  for (std::size_t i = 0; i < mix.size() && i < totals.operations.size(); ++i) {
    if (mix[i].tool != test.tool) continue;
    sum.scheduled += totals.operations[i].scheduled;
    sum.errors += totals.operations[i].errors;
  }
  if (sum.scheduled == 0) return inconclusive("no_samples: no call of " + test.tool);
  return share(metric, sum.errors, sum.scheduled, "calls of " + test.tool + " failed");
}

double completed_per_s(const run::Record& record, std::size_t phase) {
  double completed = 0, length_s = 0;
  for (const auto& second : record.seconds) {
    if (second.phase != phase) continue;
    completed += static_cast<double>(second.counts.completed);
    length_s += second.length;
  }
  return length_s > 0 ? completed / length_s : 0;
}

Observed observe_goodput(const run::Record& record, std::size_t last, const run::Metric& metric) {
  const double before = completed_per_s(record, record.measured_phase());
  const double after = completed_per_s(record, last);
  if (before <= 0) return inconclusive("no_baseline: nothing was completed in the measured phase");
  return exact(
      after / before, run::format_value(after / before, metric.unit),
      fmt::format("{} in {}, {} in {}", core::format_rate(after), record.plan.phases[last].name,
                  core::format_rate(before), record.plan.phases[record.measured_phase()].name));
}

Observed observe_last(const run::Record& record, std::size_t phase, const run::Metric& metric) {
  const std::size_t last = record.plan.phases.size() - 1;
  if (phase >= last || last >= record.phases.size())
    return inconclusive("no_samples: no phase comes after the fault's");
  const auto& counts = record.phases[last].counts;
  if (counts.scheduled == 0)
    return inconclusive("no_samples: no message came due in the last phase");
  if (metric.kind == run::MetricKind::final_goodput) return observe_goodput(record, last, metric);
  return share(metric, run::sum(counts.errors), counts.scheduled,
               "messages failed in " + record.plan.phases[last].name);
}

}  // namespace

Observed observe_fault_phase(const run::Record& record, const run::FaultRecord& fault,
                             const run::Test& test, const run::Metric& metric) {
  const std::size_t phase = phase_of(record, fault);
  if (phase >= record.phases.size())
    return inconclusive("no_samples: the fault's phase was not seen");
  const auto& totals = record.phases[phase];
  switch (metric.kind) {
    case run::MetricKind::clients_hit:
      return share(metric, totals.clients_hit, record.plan.load.connections,
                   "clients had an error in " + record.plan.phases[phase].name);
    case run::MetricKind::tool_error_rate: return observe_tool(record, totals, test, metric);
    default: return observe_last(record, phase, metric);
  }
}

}  // namespace gauntlet::verdict
