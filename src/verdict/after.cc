// After everything: whether the last phase of each level is as its measured one was, and whether
// all faults are gone without a trace.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/quantity.h"
#include "stats/shift.h"
#include "verdict/fault_windows.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

namespace {

struct Residual {
  const run::Record* record = nullptr;
  stats::Shift shift;  // relative; above 0: worse
};

// What grows when things get worse: the median response time, or goodput that is missing.
std::vector<double> values_of(const run::Record& record, std::size_t phase, bool of_p50) {
  std::vector<double> values;
  for (const auto& second : record.seconds) {
    if (second.phase != phase || second.length <= 0) continue;
    const auto completed = static_cast<double>(second.counts.completed);
    values.push_back(of_p50 ? second.response_p50_ms : -completed / second.length);
  }
  return values;
}

std::optional<Residual> residual_of(const run::Record& record, bool of_p50) {
  const std::size_t last = record.plan.phases.size() - 1;
  const auto before = values_of(record, record.measured_phase(), of_p50);
  const auto after = values_of(record, last, of_p50);
  auto shift = stats::hodges_lehmann(before, after);
  if (!shift) return std::nullopt;
  double middle = 0;
  for (const double value : before) middle += value / static_cast<double>(before.size());
  const double to = of_p50 ? std::max(middle, kResidualResolutionMs) : -middle;
  if (to <= 0) return std::nullopt;
  return Residual{&record, {shift->value / to, shift->low / to, shift->high / to}};
}

// Why a level's residual need not be the target's doing; "" where it is.
std::string doubt_about(const run::SelfCheck& check) {
  if (!check.trusted)
    return "generator_saturated: " + (check.reasons.empty() ? "" : check.reasons.front());
  return check.machine_busy.empty() ? "" : "machine_busy: " + check.machine_busy;
}

Observed observe_residual(const run::Record& record, const run::Metric& metric) {
  const bool of_p50 = metric.kind == run::MetricKind::residual_p50_worst;
  std::optional<Residual> worst;
  std::string all;
  for (std::size_t i = 0; i < record.level_records.size(); ++i) {
    const auto& level = record.level_records[i];
    if (level.plan.faults.empty() || level.plan.tests.empty()) continue;
    const auto found = residual_of(level, of_p50);
    if (!found)
      return inconclusive(fmt::format("too_few_samples: in {}", record.levels[i].level.name));
    all += fmt::format("{}{} {} ({} to {})", all.empty() ? "" : ", ", record.levels[i].level.name,
                       run::format_value(found->shift.value, metric.unit),
                       run::format_value(found->shift.low, metric.unit),
                       run::format_value(found->shift.high, metric.unit));
    if (!worst || found->shift.value > worst->shift.value) worst = found;
  }
  if (!worst) return inconclusive("no_samples: no judged level had a fault");
  auto seen = exact(worst->shift.value, run::format_value(worst->shift.value, metric.unit),
                    "Hodges-Lehmann shift of the last phase, 95 % CI: " + all);
  seen.high = worst->shift.high;
  seen.low = worst->shift.low;
  seen.doubt = "uncertain: " + all;
  const auto doubt = doubt_about(worst->record->self_check);
  if (!doubt.empty()) {
    seen.doubt = doubt;
    seen.low = std::min(seen.low, 0.0);
  }
  return seen;
}

Observed observe_left_behind(const run::Record& record, const run::Metric& metric) {
  std::uint64_t faults = 0, unclean = 0;
  std::string what;
  for (const auto& level : record.level_records) {
    for (const auto& fault : level.faults) {
      const auto left = std::ranges::find(fault.evidence, "left_behind",
                                          &std::pair<std::string, std::string>::first);
      if (left == fault.evidence.end()) continue;
      ++faults;
      if (left->second == "nothing") continue;
      ++unclean;
      what += fmt::format("; {}: {}", fault.id, left->second);
    }
  }
  if (faults == 0) return inconclusive("no_samples: no fault could leave anything");
  const auto value = static_cast<double>(unclean);
  return exact(value, run::format_value(value, metric.unit),
               fmt::format("{} of {} faults left something{}", unclean, faults, what));
}

}  // namespace

Observed observe_after_levels(const run::Record& record, const run::Metric& metric) {
  if (metric.kind == run::MetricKind::left_behind) return observe_left_behind(record, metric);
  return observe_residual(record, metric);
}

}  // namespace gauntlet::verdict
