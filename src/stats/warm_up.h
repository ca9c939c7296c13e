// WarmUp: from where on a series is steady: MSER-5 (White, Cobb and Spratt, "A comparison of five
// steady-state truncation heuristics for simulation", Winter Simulation Conference 2000). Values
// are averaged in batches of five; the beginning is cut where the marginal standard error of what
// is left is smallest. A cut in the second half means that the series never became steady: it
// still rises, falls or changes its level there. So does one that drifts from beginning to end.
// Pure; safe on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gauntlet::stats {

inline constexpr std::size_t kWarmUpBatch = 5;
// Of values; with less, the scatter of a few batches decides.
inline constexpr std::size_t kWarmUpSamplesMin = 20 * kWarmUpBatch;

enum class WarmUpStatus : std::uint8_t {
  too_short,  // nothing can be said
  steady,     // from `begin` on
  never,      // never steady
};

struct WarmUp {
  WarmUpStatus status = WarmUpStatus::too_short;
  std::size_t begin = 0;  // index of the first steady value; 0 unless `steady`
};

// `values` at even distances, such as each second's throughput; all finite.
WarmUp warm_up_of(std::span<const double> values);

}  // namespace gauntlet::stats
