// BlockBootstrap: by how much one set of runs differs from another, second by second, without
// taking seconds for independent: the circular block bootstrap (Politis and Romano, "A circular
// block-resampling procedure for stationary data", in Exploring the Limits of Bootstrap, 1992).
// Each replicate draws runs with replacement, and from each as many seconds as it has, in blocks of
// neighbours twice the square root of that long; bounds are Student's with as many degrees of
// freedom as there are blocks, less two. At 95 % they hold 87 % where noise remembers for 5 s in
// runs of 100 s, and 91 % where it does for 2 s. With few runs on a side it says little of how runs
// differ from each other: with one it says nothing of that. Pure: its randomness is seeded by a
// constant. Safe on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stats/scaling.h"

namespace gauntlet::stats {

inline constexpr std::size_t kBootstrapSecondsMin = 20;  // of each run
inline constexpr std::size_t kBootstrapSecondsMax =
    600;  // a longer run is thinned: neighbours join
inline constexpr std::size_t kBootstrapReplicates = 2'000;

struct WeighedValue {
  double value = 0;
  double weight = 1;
};
using RunSeries = std::vector<WeighedValue>;

enum class Statistic : std::uint8_t {
  median,    // of the values; weights do not count
  quotient,  // sum of the values / sum of the weights
};
double statistic_of(std::span<const RunSeries> runs, Statistic statistic);

enum class Contrast : std::uint8_t {
  log_ratio,  // log(after / before); both must be positive
  difference,
};

// Nothing where a side has no run, a run has fewer than kBootstrapSecondsMin values, or the
// contrast is not finite. confidence in (0, 1).
std::optional<Estimate> bootstrap_contrast(std::span<const RunSeries> before,
                                           std::span<const RunSeries> after, Statistic statistic,
                                           Contrast contrast, double confidence);

}  // namespace gauntlet::stats
