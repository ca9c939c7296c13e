#include "stats/distribution.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <numeric>

namespace gauntlet::stats {

std::optional<EvenSpread> even_spread(std::span<const std::uint64_t> counts,
                                      std::uint32_t drawn_together) {
  if (counts.size() < 2) return std::nullopt;
  const auto cells = static_cast<double>(counts.size());
  const double mean = std::accumulate(counts.begin(), counts.end(), 0.0) / cells;
  if (mean < kExpectedPerCellMin * drawn_together) return std::nullopt;
  double squares = 0;
  for (const std::uint64_t count : counts) {
    const double off = static_cast<double>(count) - mean;
    squares += off * off;
  }
  EvenSpread spread;
  spread.chi_square = squares / mean / drawn_together;
  spread.max_over_mean = static_cast<double>(*std::ranges::max_element(counts)) / mean;
  const boost::math::chi_squared distribution(cells - 1);
  spread.p = boost::math::cdf(boost::math::complement(distribution, spread.chi_square));
  return spread;
}

}  // namespace gauntlet::stats
