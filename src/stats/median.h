// Median: the middle of some numbers, the mean of the two middle ones where there is no single one.
// 0 of none. Reorders what it is given. O(n).
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace gauntlet::stats {

inline double median_of(std::span<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

}  // namespace gauntlet::stats
