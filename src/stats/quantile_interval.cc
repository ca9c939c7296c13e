#include "stats/quantile_interval.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <limits>

#include "core/check.h"

namespace gauntlet::stats {

// The number of samples at or below the true quantile is binomial B(n, q). The j-th smallest lies
// above it with probability P(B < j), the k-th at or below it with probability P(B >= k): j and k
// are the innermost ranks for which each is at most half of what confidence leaves.
std::optional<QuantileInterval> quantile_interval(const Histogram& histogram, double q,
                                                  double confidence) {
  GAUNTLET_CHECK(q > 0 && q < 1 && confidence > 0 && confidence < 1);
  if (histogram.empty()) return std::nullopt;
  const double tail = (1 - confidence) / 2;
  const auto n = static_cast<double>(histogram.count());
  const boost::math::binomial below(n, q);
  if (cdf(below, 0) > tail || pdf(below, n) > tail) return std::nullopt;
  // Quantiles of a discrete distribution are rounded outwards, to whole numbers.
  const double j = quantile(below, tail) + 1;
  const double k = quantile(complement(below, tail)) + 1;
  return QuantileInterval{histogram.value_at_rank_us(static_cast<std::uint64_t>(j)),
                          histogram.value_at_rank_us(static_cast<std::uint64_t>(k))};
}

// Ranks of groups, as above; a group stands for all of its samples.
QuantileBounds quantile_bounds(const Histogram& histogram, double q, double confidence,
                               std::uint64_t group) {
  GAUNTLET_CHECK(q > 0 && q < 1 && confidence > 0 && confidence < 1 && group > 0);
  QuantileBounds bounds{0, std::numeric_limits<double>::infinity()};
  const std::uint64_t groups = histogram.count() / group;
  if (groups == 0) return bounds;
  const double tail = (1 - confidence) / 2;
  const auto n = static_cast<double>(groups);
  const boost::math::binomial below(n, q);
  const auto at = [&](std::uint64_t rank) {
    return static_cast<double>(histogram.value_at_rank_us(std::min(rank, histogram.count()))) / 1e3;
  };
  if (cdf(below, 0) <= tail) {
    const auto j = static_cast<std::uint64_t>(quantile(below, tail)) + 1;
    bounds.low_ms = at((j - 1) * group + 1);
  }
  if (pdf(below, n) <= tail) {
    const auto k = static_cast<std::uint64_t>(quantile(complement(below, tail))) + 1;
    bounds.high_ms = at(k * group);
  }
  return bounds;
}

bool enough_samples(double q, std::uint64_t samples) {
  constexpr double kRounding = 1e-9;  // 100 * (1 - 0.9) is a little less than 10
  return static_cast<double>(samples) * (1 - q) >= kSamplesBeyondMin - kRounding;
}

}  // namespace gauntlet::stats
