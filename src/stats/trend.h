// Trend: how fast a series rises or falls, robust against outliers: the Theil-Sen slope with Sen's
// confidence interval (Sen, JASA 63, 1968: the ranks that the normal approximation of Kendall's S
// gives). The interval takes samples to be independent: where neighbours resemble each other it is
// too narrow, and theil_sen_correlated() is the one to ask. Pure; safe on any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace gauntlet::stats {

inline constexpr std::size_t kTrendSamplesMin = 10;  // below it the approximation is poor
// All pairs of samples are compared. A longer series is cut into this many stretches, each one
// standing in with its middle: mean time, median value.
inline constexpr std::size_t kTrendSamplesMax = 2'000;

struct TrendSample {
  double t = 0;
  double y = 0;
};

struct Trend {
  double slope = 0;  // y per t
  double low = 0;    // confidence bounds of the slope
  double high = 0;
  std::size_t samples = 0;  // compared
  double effective = 0;     // independent samples that these are worth
};

// `samples` in order of t; confidence in (0, 1). Samples that are not finite do not count. Nothing
// for fewer than kTrendSamplesMin, or where all have the same t.
std::optional<Trend> theil_sen(std::span<const TrendSample> samples, double confidence = 0.95);

// The same slope for samples at about even distances whose neighbours may resemble each other. Its
// bounds are those of a straight line through as many independent samples as these are worth, which
// is n (1 - r) / (1 + r) (Yue and Wang, "The Mann-Kendall test modified by effective sample size",
// Water Resources Management 18, 2004): slope +- t s sqrt(12 / effective) / length, t Student's
// with two degrees of freedom less, s the residuals' standard deviation. r is the correlation of
// neighbours by rank, the trend taken off, corrected for the bias that this brings, (2 + 4 r) / n
// (van Giersbergen, Economics Letters 89, 2005), and not below 0.
std::optional<Trend> theil_sen_correlated(std::span<const TrendSample> samples,
                                          double confidence = 0.95);

}  // namespace gauntlet::stats
