#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>

#include "core/quantity.h"
#include "run/measured.h"
#include "stats/quantile_interval.h"
#include "verdict/metrics.h"
#include "verdict/self_check.h"

namespace gauntlet::verdict {

namespace {

using run::Unit;
using stats::Histogram;

double to_ms(std::uint64_t us) { return static_cast<double>(us) / 1e3; }

bool is_response(const run::Metric& metric) {
  return metric.kind == run::MetricKind::response_quantile ||
         metric.kind == run::MetricKind::response_mean;
}

// What the quantile is at least, with 95 % confidence, however few samples there are: the largest
// rank that lies above the true quantile with a probability of at most 5 % (order statistics, as
// in stats/quantile_interval.h, one-sided).
double quantile_at_least_ms(const Histogram& histogram, double q) {
  constexpr double kTail = 0.05;
  const boost::math::binomial below(static_cast<double>(histogram.count()), q);
  if (cdf(below, 0) > kTail) return 0;
  const double rank = quantile(below, kTail) + 1;
  return to_ms(histogram.value_at_rank_us(static_cast<std::uint64_t>(rank)));
}

std::string interval_evidence(const Histogram& histogram, const run::Metric& metric) {
  const auto interval = stats::quantile_interval(histogram, metric.quantile);
  if (!interval) return "";
  return fmt::format("95 % CI of {} {:.3g} to {:.3g} ms", metric.name, to_ms(interval->lo_us),
                     to_ms(interval->hi_us));
}

Observed observe_quantile(const Histogram& histogram, const run::Metric& metric,
                          std::string evidence) {
  const double value = to_ms(histogram.quantile_us(metric.quantile));
  const auto text = run::format_value(value, Unit::milliseconds);
  if (stats::enough_samples(metric.quantile, histogram.count())) {
    const auto interval = interval_evidence(histogram, metric);
    return exact(value, text, interval.empty() ? evidence : evidence + "; " + interval);
  }
  const auto needed = static_cast<std::uint64_t>(
      std::ceil(stats::kSamplesBeyondMin / (1 - metric.quantile) - 1e-6));
  return Observation{.value = value,
                     .low = quantile_at_least_ms(histogram, metric.quantile),
                     .high = std::numeric_limits<double>::infinity(),
                     .text = text,
                     .evidence = evidence,
                     .doubt = fmt::format("too_few_samples: {} messages, {} needs {}",
                                          core::format_count(histogram.count()), metric.name,
                                          core::format_count(needed))};
}

// The longest time, of which the generator's own longest lag may be a part.
Observed observe_maximum(const run::Record& record, const Histogram& histogram,
                         const run::Metric& metric, const run::Limit& limit, std::string evidence) {
  const double value = to_ms(histogram.max_us());
  auto seen = exact(value, run::format_value(value, Unit::milliseconds), std::move(evidence));
  const double lag_ms = to_ms(run::measured_totals(record).latencies.send_lag.max_us());
  if (!is_response(metric) || lag_ms <= std::max(limit.value * kLagShareMax, kLagFloorMs)) {
    return seen;
  }
  seen.low = std::max(value - lag_ms, 0.0);
  seen.doubt = fmt::format("generator_lag: the generator itself was up to {} late",
                           run::format_value(lag_ms, Unit::milliseconds));
  return seen;
}

}  // namespace

Observed observe_times(const run::Record& record, const run::Metric& metric,
                       const run::Limit& limit) {
  const auto& latencies = run::measured_totals(record).latencies;
  const auto& histogram = is_response(metric) ? latencies.response : latencies.service;
  if (histogram.empty()) return inconclusive("no_samples: no message was verified");
  auto evidence = message_evidence(record);
  if (metric.quantile >= 1) {
    return observe_maximum(record, histogram, metric, limit, std::move(evidence));
  }
  if (metric.quantile > 0) return observe_quantile(histogram, metric, std::move(evidence));
  const double mean = histogram.mean_us() / 1e3;
  return exact(mean, run::format_value(mean, Unit::milliseconds), std::move(evidence));
}

}  // namespace gauntlet::verdict
