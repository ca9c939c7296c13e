// Drift: whether a quantity of a long run creeps up or down: memory, descriptors, sessions, p95.
//
//   1. The series' own warm-up is cut off: what departs from the line that its second half
//      follows, by MSER-5 (warm_up.h).
//   2. What is left is cut into windows, each of which stands in with one sample: its minimum for
//      what is given back in sweeps, such as memory under a garbage collector, so that the teeth of
//      the saw are not taken for a leak; its median for the rest.
//   3. Through these goes a Theil-Sen line, with bounds that allow for neighbours that resemble
//      each other (theil_sen_correlated in trend.h).
//
// Windows of a lower envelope are as long as the longest time that the series, its trend taken off,
// stayed out of its lowest quarter: each then holds the bottom of a tooth, or nearly. There are at
// least kDriftWindowsMin of them: teeth that are longer than that widen the bounds instead.
// How often all this is right: docs/method.md. Pure; safe on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stats/trend.h"

namespace gauntlet::stats {

inline constexpr double kDriftWindowsMin = 20;
inline constexpr double kDriftWindowsMax = 60;  // levels have as many

enum class DriftOf : std::uint8_t {
  lower_envelope,  // each window's minimum: memory, descriptors, threads, sessions
  level,           // each window's median: p95, errors
};

struct Drift {
  Trend trend;        // y per t
  double from = 0;    // t; the warm-up before it does not count
  double window = 0;  // of t
  // The slope that would have been shown nine times in ten, its bounds on one side of 0. It is 0
  // for a series that never changes: then the least change that the samples tell is the limit.
  double smallest = 0;
};

// `samples` in order of t, those that are not finite do not count. Nothing for fewer than
// kTrendSamplesMin windows, or where all have the same t.
std::optional<Drift> drift_of(std::span<const TrendSample> samples, DriftOf of,
                              double confidence = 0.95);

// The slope that bounds of 95 % and this width would leave 0 out of, nine times in ten: one that is
// z(0.9) standard errors beyond half of it, which is z(0.975) of them.
double smallest_shown(const Trend& trend);

// The samples that stand in for windows of this length, each with its own time; a window without
// samples has none. window > 0.
std::vector<TrendSample> window_minima(std::span<const TrendSample> samples, double window);
std::vector<TrendSample> window_medians(std::span<const TrendSample> samples, double window);

}  // namespace gauntlet::stats
