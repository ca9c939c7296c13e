#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "run/measured.h"
#include "stats/trend.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

namespace {

using stats::TrendSample;

constexpr double kGrowthS = 300;

std::vector<TrendSample> samples_in_phase(const run::Record& record) {
  const auto measured = run::measure(record);
  std::vector<TrendSample> samples;
  for (const auto& sample : record.memory) {
    const bool inside = sample.t >= measured.start_s && sample.t <= measured.end_s;
    if (inside) samples.push_back({sample.t, sample.resident_mb});
  }
  return samples;
}

std::string sample_evidence(const std::vector<TrendSample>& samples) {
  return fmt::format("{} samples of resident memory over {:.1f} s", samples.size(),
                     samples.back().t - samples.front().t);
}

// Of what the processes have in proportion (PSS) where the kernel tells; resident memory counts
// what they share once for each of them.
Observed observe_peak(const run::Record& record, const std::vector<TrendSample>& samples) {
  const auto resident = std::ranges::max_element(samples, {}, &TrendSample::y)->y;
  const auto proportional = run::proportional_peak_mb(record);
  auto evidence = sample_evidence(samples);
  if (!proportional) {
    return exact(resident, run::format_value(resident, run::Unit::megabytes), std::move(evidence));
  }
  evidence = fmt::format("proportional memory (PSS); resident {}, {}",
                         run::format_value(resident, run::Unit::megabytes), evidence);
  return exact(*proportional, run::format_value(*proportional, run::Unit::megabytes),
               std::move(evidence));
}

Observed observe_growth(const std::vector<TrendSample>& samples) {
  auto evidence = sample_evidence(samples);
  const auto trend = stats::theil_sen(samples);
  if (!trend) {
    return inconclusive(fmt::format("too_few_samples: {} samples, a trend needs {}", samples.size(),
                                    stats::kTrendSamplesMin),
                        std::move(evidence));
  }
  const double low = trend->low * kGrowthS;
  const double high = trend->high * kGrowthS;
  const auto interval = fmt::format("95 % CI {:.3g} to {:.3g} MB per 5 min", low, high);
  evidence += fmt::format("; Theil-Sen slope, {}", interval);
  if (samples.back().t - samples.front().t < kGrowthS) evidence += ", projected to 5 min";
  const double value = trend->slope * kGrowthS;
  return Observation{.value = value,
                     .low = low,
                     .high = high,
                     .text = run::format_value(value, run::Unit::megabytes_per_5min),
                     .evidence = std::move(evidence),
                     .doubt = fmt::format("uncertain: {} reaches over the limit", interval)};
}

}  // namespace

Observed observe_memory(const run::Record& record, const run::Metric& metric) {
  if (record.memory.empty()) {
    return std::unexpected(Unobserved{
        run::Outcome::skipped,
        "none",
        record.memory_reason.empty() ? "the target's memory was not sampled" : record.memory_reason,
        {}});
  }
  const auto samples = samples_in_phase(record);
  if (samples.empty()) return inconclusive("no_samples: no memory sample in the measured phase");
  return metric.kind == run::MetricKind::memory_peak ? observe_peak(record, samples)
                                                     : observe_growth(samples);
}

}  // namespace gauntlet::verdict
