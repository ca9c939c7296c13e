#include "stats/trend.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <vector>

#include "core/check.h"
#include "stats/median.h"

namespace gauntlet::stats {
namespace {

using Samples = std::vector<TrendSample>;

Samples finite_ones(std::span<const TrendSample> samples) {
  Samples kept;
  std::ranges::copy_if(samples, std::back_inserter(kept),
                       [](const auto& s) { return std::isfinite(s.t) && std::isfinite(s.y); });
  return kept;
}

TrendSample middle_of(std::span<const TrendSample> stretch) {
  double t = 0;
  std::vector<double> values;
  for (const TrendSample& sample : stretch) {
    t += sample.t;
    values.push_back(sample.y);
  }
  return {t / static_cast<double>(stretch.size()), median_of(values)};
}

Samples thinned(const Samples& samples) {
  if (samples.size() <= kTrendSamplesMax) return samples;
  Samples middles;
  for (std::size_t i = 0; i < kTrendSamplesMax; ++i) {
    const std::size_t begin = i * samples.size() / kTrendSamplesMax;
    const std::size_t end = (i + 1) * samples.size() / kTrendSamplesMax;
    middles.push_back(middle_of(std::span(samples).subspan(begin, end - begin)));
  }
  return middles;
}

std::vector<double> slopes_of(const Samples& samples) {
  std::vector<double> slopes;
  slopes.reserve(samples.size() * (samples.size() - 1) / 2);
  for (auto a = samples.begin(); a != samples.end(); ++a) {
    for (auto b = a + 1; b != samples.end(); ++b) {
      if (b->t != a->t) slopes.push_back((b->y - a->y) / (b->t - a->t));
    }
  }
  return slopes;
}

// Variance of Kendall's S for `n` samples, or what a group of n equal times takes from it.
double variance_of_s(double n) { return n * (n - 1) * (2 * n + 5) / 18; }

double variance_of_s(const Samples& samples) {
  double variance = variance_of_s(static_cast<double>(samples.size()));
  for (auto it = samples.begin(); it != samples.end();) {
    const auto next = std::find_if(it, samples.end(), [&](const auto& s) { return s.t != it->t; });
    variance -= variance_of_s(static_cast<double>(next - it));
    it = next;
  }
  return variance;
}

// The rank-th smallest, ranks from 1; out of range is the nearest.
double at_rank(std::vector<double>& slopes, double rank) {
  const double index = std::clamp(rank, 1.0, static_cast<double>(slopes.size())) - 1;
  const auto it = slopes.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(slopes.begin(), it, slopes.end());
  return *it;
}

}  // namespace

std::optional<Trend> theil_sen(std::span<const TrendSample> samples, double confidence) {
  GAUNTLET_CHECK(confidence > 0 && confidence < 1);
  const Samples kept = thinned(finite_ones(samples));
  if (kept.size() < kTrendSamplesMin) return std::nullopt;
  std::vector<double> slopes = slopes_of(kept);
  if (slopes.empty()) return std::nullopt;
  const double z = boost::math::quantile(boost::math::normal(), (1 + confidence) / 2);
  const double margin = z * std::sqrt(variance_of_s(kept));
  const auto pairs = static_cast<double>(slopes.size());
  Trend trend;
  trend.samples = kept.size();
  trend.slope = median_of(slopes);
  trend.low = at_rank(slopes, std::floor((pairs - margin) / 2));
  trend.high = at_rank(slopes, std::ceil((pairs + margin) / 2) + 1);
  return trend;
}

}  // namespace gauntlet::stats
