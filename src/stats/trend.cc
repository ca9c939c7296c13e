#include "stats/trend.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/check.h"
#include "stats/deviation.h"
#include "stats/median.h"
#include "stats/student.h"

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

std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;  // of those that share a value, and so their mean rank
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + end - 1) / 2;
    for (; begin < end; ++begin) ranks[order[begin]] = rank;
  }
  return ranks;
}

// Of each value with the one after it; 0 where all are the same.
double neighbours_correlation(const std::vector<double>& values) {
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double together = 0;
  double alone = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    alone += (values[i] - mean) * (values[i] - mean);
    if (i > 0) together += (values[i] - mean) * (values[i - 1] - mean);
  }
  return alone > 0 ? together / alone : 0;
}

std::vector<double> residuals_of(const Samples& samples, double slope) {
  std::vector<double> residuals;
  for (const TrendSample& sample : samples) residuals.push_back(sample.y - slope * sample.t);
  return residuals;
}

double effective_samples(const std::vector<double>& residuals) {
  constexpr double kCorrelationMax = 0.99;
  const auto n = static_cast<double>(residuals.size());
  const double r = neighbours_correlation(ranks_of(residuals));
  const double corrected = std::clamp((n * r + 2) / (n - 4), 0.0, kCorrelationMax);
  return n * (1 - corrected) / (1 + corrected);
}

double normal_quantile(double p) { return boost::math::quantile(boost::math::normal(), p); }

struct Compared {
  Samples samples;
  std::vector<double> slopes;
  Trend trend;  // without bounds
};

std::optional<Compared> compare(std::span<const TrendSample> samples) {
  Compared all{.samples = thinned(finite_ones(samples)), .slopes = {}, .trend = {}};
  if (all.samples.size() < kTrendSamplesMin) return std::nullopt;
  all.slopes = slopes_of(all.samples);
  if (all.slopes.empty()) return std::nullopt;
  all.trend.samples = all.samples.size();
  all.trend.slope = median_of(all.slopes);
  return all;
}

}  // namespace

std::optional<Trend> theil_sen(std::span<const TrendSample> samples, double confidence) {
  GAUNTLET_CHECK(confidence > 0 && confidence < 1);
  auto all = compare(samples);
  if (!all) return std::nullopt;
  all->trend.effective = static_cast<double>(all->samples.size());
  const double z = normal_quantile((1 + confidence) / 2);
  const double margin = z * std::sqrt(variance_of_s(all->samples));
  const auto pairs = static_cast<double>(all->slopes.size());
  all->trend.low = at_rank(all->slopes, std::floor((pairs - margin) / 2));
  all->trend.high = at_rank(all->slopes, std::ceil((pairs + margin) / 2) + 1);
  return all->trend;
}

std::optional<Trend> theil_sen_correlated(std::span<const TrendSample> samples, double confidence) {
  GAUNTLET_CHECK(confidence > 0 && confidence < 1);
  auto all = compare(samples);
  if (!all) return std::nullopt;
  Trend& trend = all->trend;
  const auto residuals = residuals_of(all->samples, trend.slope);
  trend.effective = effective_samples(residuals);
  const double length = all->samples.back().t - all->samples.front().t;
  // Fewer than two degrees of freedom are no more than a guess at how few there are.
  const double freedom = std::max(trend.effective - 2, 2.0);
  const double away = student_quantile((1 + confidence) / 2, freedom) * deviation_of(residuals, 2) *
                      std::sqrt(12 / trend.effective) / length;
  trend.low = trend.slope - away;
  trend.high = trend.slope + away;
  return trend;
}

}  // namespace gauntlet::stats
