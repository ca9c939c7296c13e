// Shift: by how much one set of values lies above another, robust against outliers: the
// Hodges-Lehmann estimate, which is the median of all differences, with its confidence interval by
// Wilcoxon's rank-sum test inverted (Hollander & Wolfe, Nonparametric Statistical Methods, 4.3;
// normal approximation). The interval takes values to be independent: where neighbours in time
// resemble each other it is too narrow. Pure; safe on any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace gauntlet::stats {

inline constexpr std::size_t kShiftSamplesMin = 5;  // of each
// Of each set the last this many count: all differences are taken.
inline constexpr std::size_t kShiftSamplesMax = 1'000;

struct Shift {
  double value = 0;  // `after` lies this much above `before`
  double low = 0, high = 0;
};

// confidence in (0, 1). Values that are not finite do not count. Nothing for fewer than
// kShiftSamplesMin on either side.
std::optional<Shift> hodges_lehmann(std::span<const double> before, std::span<const double> after,
                                    double confidence = 0.95);

}  // namespace gauntlet::stats
