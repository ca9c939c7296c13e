// Quantile interval: how well a histogram's samples pin down a quantile: the binomial
// order-statistic interval (Le Boudec, Performance Evaluation of Computer and Communication
// Systems, 2010, theorem 2.1). It takes samples to be independent; latencies of neighbouring
// messages are not quite, so the truth is somewhat wider. Pure; safe on any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "stats/histogram.h"

namespace gauntlet::stats {

inline constexpr double kSamplesBeyondMin = 10;

struct QuantileInterval {
  std::uint64_t lo_us = 0;
  std::uint64_t hi_us = 0;
};

// q and confidence in (0, 1). Nothing where the samples are too few for that confidence.
std::optional<QuantileInterval> quantile_interval(const Histogram& histogram, double q,
                                                  double confidence = 0.95);

// Between which times the quantile lies, with this confidence, where the samples come in groups of
// `group` that share their fate (calls of one burst) and count as one each. The upper bound is
// infinite where there are too few for one, the lower one 0. An empty histogram: 0 to infinity.
struct QuantileBounds {
  double low_ms = 0;
  double high_ms = 0;
};
QuantileBounds quantile_bounds(const Histogram& histogram, double q, double confidence,
                               std::uint64_t group);

// Whether `samples` leave at least kSamplesBeyondMin beyond the quantile: 10,000 for 0.999. Never
// true of q = 1: the maximum is a fact about these samples and estimates nothing.
bool enough_samples(double q, std::uint64_t samples);

}  // namespace gauntlet::stats
