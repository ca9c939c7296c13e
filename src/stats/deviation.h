// Deviation: how far numbers scatter about their mean, as a standard deviation. `estimated` is how
// many parameters were fitted to them: 1 for a mean, 2 for a line whose residuals they are. More
// numbers than that are needed. Pure function.
#pragma once

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>

namespace gauntlet::stats {

inline double deviation_of(std::span<const double> values, std::size_t estimated) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - static_cast<double>(estimated)));
}

}  // namespace gauntlet::stats
