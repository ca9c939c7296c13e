#include "stats/shift.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <iterator>
#include <vector>

#include "core/check.h"
#include "stats/median.h"

namespace gauntlet::stats {
namespace {

std::vector<double> last_finite(std::span<const double> values) {
  std::vector<double> kept;
  std::ranges::copy_if(values, std::back_inserter(kept), [](double v) { return std::isfinite(v); });
  if (kept.size() > kShiftSamplesMax)
    kept.erase(kept.begin(), kept.end() - static_cast<std::ptrdiff_t>(kShiftSamplesMax));
  return kept;
}

// The rank-th smallest of sorted values, ranks from 1; out of range is the nearest.
double at_rank(const std::vector<double>& sorted, double rank) {
  const double index = std::clamp(rank, 1.0, static_cast<double>(sorted.size())) - 1;
  return sorted[static_cast<std::size_t>(index)];
}

}  // namespace

std::optional<Shift> hodges_lehmann(std::span<const double> before, std::span<const double> after,
                                    double confidence) {
  GAUNTLET_CHECK(confidence > 0 && confidence < 1);
  const auto x = last_finite(before);
  const auto y = last_finite(after);
  if (x.size() < kShiftSamplesMin || y.size() < kShiftSamplesMin) return std::nullopt;
  std::vector<double> differences;
  differences.reserve(x.size() * y.size());
  for (const double a : x)
    for (const double b : y) differences.push_back(b - a);
  std::ranges::sort(differences);
  const auto n = static_cast<double>(x.size());
  const auto m = static_cast<double>(y.size());
  const double z = boost::math::quantile(boost::math::normal(), (1 + confidence) / 2);
  const double margin = z * std::sqrt(n * m * (n + m + 1) / 12);
  const double rank = std::floor(n * m / 2 - margin);
  const double low = at_rank(differences, rank);
  const double high = at_rank(differences, n * m + 1 - rank);
  return Shift{.value = median_of(differences), .low = low, .high = high};  // reorders them
}

}  // namespace gauntlet::stats
