#include "stats/binomial.h"

#include <boost/math/distributions/binomial.hpp>

#include <cmath>

#include "core/check.h"

namespace gauntlet::stats {

CountInterval binomial_interval(std::uint64_t n, double p, double confidence) {
  GAUNTLET_CHECK(p >= 0 && p <= 1 && confidence > 0 && confidence < 1);
  if (n == 0 || p == 0) return {};
  if (p == 1) return {n, n};
  const boost::math::binomial_distribution<> draws(static_cast<double>(n), p);
  const double beyond = (1 - confidence) / 2;  // quantiles are rounded outwards by default
  return {static_cast<std::uint64_t>(std::floor(boost::math::quantile(draws, beyond))),
          static_cast<std::uint64_t>(
              std::ceil(boost::math::quantile(boost::math::complement(draws, beyond))))};
}

}  // namespace gauntlet::stats
