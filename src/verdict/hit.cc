// Messages that a fault hit, told from the others by their response times: the histogram of the
// fault's phase against that of the measured phase. A message is hit where it took longer than
// all but one in a thousand did before.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/quantity.h"
#include "run/measured.h"
#include "stats/quantile_interval.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

namespace {

constexpr double kUnhitQuantile = 0.999;

double to_ms(std::uint64_t us) { return static_cast<double>(us) / 1e3; }

Observed observe_excess(const stats::Histogram& during, std::uint64_t hit, double usual_ms,
                        const run::Metric& metric, std::string evidence) {
  const auto beyond =
      static_cast<std::uint64_t>(std::ceil(metric.quantile * static_cast<double>(hit)));
  const auto rank = during.count() - hit + std::max<std::uint64_t>(beyond, 1);
  const double value = std::max(0.0, to_ms(during.value_at_rank_us(rank)) - usual_ms);
  const auto text = run::format_value(value, metric.unit);
  if (metric.quantile >= 1 || stats::enough_samples(metric.quantile, hit))
    return exact(value, text, std::move(evidence));
  return inconclusive(fmt::format("too_few_samples: {} messages were hit, too few for {} ({})",
                                  core::format_count(hit), metric.name, text),
                      std::move(evidence));
}

}  // namespace

Observed observe_hit(const run::Record& record, const run::FaultRecord& fault,
                     const run::Metric& metric) {
  const auto planned = std::ranges::find(record.plan.faults, fault.id, &run::Fault::id);
  const auto phase = planned == record.plan.faults.end()
                         ? record.plan.phases.end()
                         : std::ranges::find(record.plan.phases, planned->phase, &run::Phase::name);
  const auto index = static_cast<std::size_t>(phase - record.plan.phases.begin());
  if (index >= record.phases.size() || index == record.measured_phase())
    return inconclusive("no_baseline: the fault needs a phase of its own beside the measured one");
  const auto& before = run::measured_totals(record).latencies.response;
  const auto& totals = record.phases[index];
  const auto& during = totals.latencies.response;
  if (before.empty() || totals.counts.scheduled == 0)
    return inconclusive("no_samples: no message before the fault, or none in its phase");
  const std::uint64_t threshold_us = before.quantile_us(kUnhitQuantile);
  const std::uint64_t hit = during.count_above_us(threshold_us);
  const std::uint64_t errors = run::sum(totals.counts.errors);
  auto evidence = fmt::format(
      "{}: {} of {} messages hit (longer than {:.3g} ms, the measured phase's p99.9) and {} errors",
      fault.id, core::format_count(hit), core::format_count(totals.counts.scheduled),
      to_ms(threshold_us), core::format_count(errors));
  if (hit + errors == 0)
    return inconclusive("no_samples: no message shows the fault", std::move(evidence));
  if (metric.kind == run::MetricKind::unrecovered) {
    const double share = static_cast<double>(errors) / static_cast<double>(hit + errors);
    return exact(share, run::format_value(share, metric.unit), std::move(evidence));
  }
  if (hit == 0)
    return inconclusive("no_samples: no message that was hit came through", std::move(evidence));
  return observe_excess(during, hit, to_ms(before.quantile_us(0.5)), metric, std::move(evidence));
}

}  // namespace gauntlet::verdict
