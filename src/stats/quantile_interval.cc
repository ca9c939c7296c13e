#include "stats/quantile_interval.h"

#include <boost/math/distributions/binomial.hpp>

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

bool enough_samples(double q, std::uint64_t samples) {
  constexpr double kRounding = 1e-9;  // 100 * (1 - 0.9) is a little less than 10
  return static_cast<double>(samples) * (1 - q) >= kSamplesBeyondMin - kRounding;
}

}  // namespace gauntlet::stats
