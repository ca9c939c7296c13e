#include "stats/drift.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/check.h"
#include "stats/median.h"
#include "stats/warm_up.h"

namespace gauntlet::stats {
namespace {

using Samples = std::span<const TrendSample>;

std::vector<TrendSample> finite_ones(Samples samples) {
  std::vector<TrendSample> kept;
  std::ranges::copy_if(samples, std::back_inserter(kept),
                       [](const auto& s) { return std::isfinite(s.t) && std::isfinite(s.y); });
  return kept;
}

double length_of(Samples samples) { return samples.back().t - samples.front().t; }

TrendSample lowest_of(Samples stretch) {
  return *std::ranges::min_element(stretch, {}, &TrendSample::y);
}

TrendSample middle_of(Samples stretch) {
  std::vector<double> times, values;
  for (const TrendSample& sample : stretch) {
    times.push_back(sample.t);
    values.push_back(sample.y);
  }
  return {median_of(times), median_of(values)};
}

std::vector<TrendSample> each_window(Samples samples, double window, auto stand_in) {
  GAUNTLET_CHECK(window > 0);
  std::vector<TrendSample> all;
  for (auto it = samples.begin(); it != samples.end();) {
    const double number = std::floor((it->t - samples.front().t) / window);
    const double end = samples.front().t + (number + 1) * window;
    // At least one sample: `end` may be rounded to its own time.
    const auto next =
        std::find_if(it + 1, samples.end(), [&](const auto& s) { return s.t >= end; });
    all.push_back(stand_in(Samples(it, next)));
    it = next;
  }
  return all;
}

using StandIn = std::vector<TrendSample> (*)(Samples, double window);

// Through windows' stand-ins: enough of them to find a trend with.
double rough_slope(Samples samples, StandIn stand_in) {
  constexpr double kWindows = 24;
  const double length = length_of(samples);
  if (length <= 0) return 0;
  const auto trend = theil_sen(stand_in(samples, length / kWindows));
  return trend ? trend->slope : 0;
}

std::vector<double> without_slope(Samples samples, double slope) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const TrendSample& sample : samples) values.push_back(sample.y - slope * sample.t);
  return values;
}

// A warm-up is what departs from the line that the second half follows: what drifts all along is
// never steady by itself, and has a warm-up all the same. Where it does not end, half is left.
Samples after_warm_up(Samples samples, StandIn stand_in) {
  const std::size_t half = samples.size() / 2;
  const double slope = rough_slope(samples.subspan(half), stand_in);
  const WarmUp warm_up = warm_up_of(without_slope(samples, slope));
  return samples.subspan(warm_up.status == WarmUpStatus::never ? half : warm_up.begin);
}

// The longest time between samples of the lowest quarter, the trend taken off.
double longest_tooth(Samples samples) {
  const auto values = without_slope(samples, rough_slope(samples, window_minima));
  auto sorted = values;
  const auto quarter = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 4);
  std::ranges::nth_element(sorted, quarter);
  double longest = 0;
  double last_low = samples.front().t;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    longest = std::max(longest, samples[i].t - last_low);
    if (values[i] <= *quarter) last_low = samples[i].t;
  }
  return longest;
}

double window_of(Samples samples, DriftOf of) {
  const double length = length_of(samples);
  if (of == DriftOf::level) return length / kDriftWindowsMax;
  return std::clamp(longest_tooth(samples), length / kDriftWindowsMax, length / kDriftWindowsMin);
}

}  // namespace

double smallest_shown(const Trend& trend) {
  constexpr double kPower = 1 + 1.2816 / 1.9600;
  return (trend.high - trend.low) / 2 * kPower;
}

std::vector<TrendSample> window_minima(Samples samples, double window) {
  return each_window(samples, window, lowest_of);
}

std::vector<TrendSample> window_medians(Samples samples, double window) {
  return each_window(samples, window, middle_of);
}

std::optional<Drift> drift_of(Samples samples, DriftOf of, double confidence) {
  const auto kept = finite_ones(samples);
  if (kept.empty()) return std::nullopt;
  const StandIn stand_in = of == DriftOf::lower_envelope ? window_minima : window_medians;
  const Samples steady = after_warm_up(kept, stand_in);
  if (length_of(steady) <= 0) return std::nullopt;
  const double window = window_of(steady, of);
  const auto trend = theil_sen_correlated(stand_in(steady, window), confidence);
  if (!trend) return std::nullopt;
  return Drift{.trend = *trend,
               .from = steady.front().t,
               .window = window,
               .smallest = smallest_shown(*trend)};
}

}  // namespace gauntlet::stats
