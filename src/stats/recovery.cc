#include "stats/recovery.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/check.h"
#include "stats/median.h"

namespace gauntlet::stats {
namespace {

using Windows = std::span<const RecoveryWindow>;

double goodput_per_s(const RecoveryWindow& window) {
  return window.length_s > 0 ? window.goodput / window.length_s : 0;
}

double p99_ms(const RecoveryWindow& window) { return window.p99_ms; }
double outstanding(const RecoveryWindow& window) { return window.outstanding; }

// Errors of messages that were scheduled in earlier windows can make this exceed 1.
double error_rate(double errors, double scheduled) {
  if (scheduled > 0) return errors / scheduled;
  return errors > 0 ? 1 : 0;
}

double median_over(Windows windows, auto value_of) {
  std::vector<double> values;
  std::ranges::transform(windows, std::back_inserter(values), value_of);
  return median_of(values);
}

// 1.4826 times the median distance from the median: the standard deviation, were it normal.
double deviation_of_outstanding(Windows windows, double median) {
  constexpr double kNormal = 1.4826;
  const auto distance = [median](const auto& window) {
    return std::abs(window.outstanding - median);
  };
  return kNormal * median_over(windows, distance);
}

RecoveryBaseline baseline_of(Windows before, const RecoveryRule& rule) {
  double errors = 0;
  double scheduled = 0;
  for (const RecoveryWindow& window : before) {
    errors += window.errors;
    scheduled += window.scheduled;
  }
  RecoveryBaseline baseline{.goodput_per_s = median_over(before, goodput_per_s),
                            .error_rate = error_rate(errors, scheduled),
                            .p99_ms = median_over(before, p99_ms),
                            .outstanding = median_over(before, outstanding)};
  const double slack =
      std::max({rule.outstanding_share * baseline.outstanding, kOutstandingSlackMin,
                kOutstandingSlackS * baseline.goodput_per_s,
                kOutstandingDeviations * deviation_of_outstanding(before, baseline.outstanding)});
  baseline.outstanding_limit = baseline.outstanding + slack;
  return baseline;
}

// What a client would notice at once. Written so that a NaN is a signal. That fewer answers come is
// seen by who measures, and by nobody else.
bool shows_fault(const RecoveryWindow& window, const RecoveryBaseline& baseline,
                 const RecoveryRule& rule) {
  const bool right =
      error_rate(window.errors, window.scheduled) <= baseline.error_rate + rule.error_points;
  return !right || !window.victims_back;
}

bool is_good(const RecoveryWindow& window, const RecoveryBaseline& baseline,
             const RecoveryRule& rule) {
  const bool flows =
      goodput_per_s(window) >= rule.goodput_share * baseline.goodput_per_s * window.load_factor;
  return flows && !shows_fault(window, baseline, rule) &&
         window.p99_ms <= std::max(rule.p99_factor * baseline.p99_ms, rule.p99_limit_ms) &&
         window.outstanding <= baseline.outstanding_limit;
}

class Run {
 public:
  explicit Run(std::size_t windows_needed) : windows_needed_(windows_needed) {}

  void good(const RecoveryWindow& window) {
    ++since_bad_;
    if (length_++ > 0) return;
    start_s_ = window.t - window.length_s;
    earliest_s_ = std::min(bad_s_, start_s_);
  }
  void bad(const RecoveryWindow& window) {
    const bool lone = complete() && since_bad_ >= windows_needed_;
    since_bad_ = 0;
    if (lone) return;
    bad_s_ = window.t - window.length_s;
    relapses_ += complete() ? 1 : 0;
    length_ = 0;
  }

  bool complete() const { return length_ >= windows_needed_; }
  double start_s() const { return start_s_; }
  double earliest_s() const { return earliest_s_; }
  std::size_t relapses() const { return relapses_; }

 private:
  std::size_t windows_needed_;
  std::size_t length_ = 0;
  std::size_t since_bad_ = 0;  // good windows
  double start_s_ = 0;
  double earliest_s_ = 0;
  double bad_s_ = std::numeric_limits<double>::infinity();  // begin of the last bad window
  std::size_t relapses_ = 0;
};

Windows ending_after(Windows windows, double t) {
  const auto first =
      std::ranges::find_if(windows, [t](const RecoveryWindow& window) { return window.t > t; });
  return {first, windows.end()};
}

// The first signal since the fault began. One that the windows before show too tells nothing.
std::optional<double> detected_s(Windows before, Windows since, double fault_start_s,
                                 const RecoveryBaseline& baseline, const RecoveryRule& rule) {
  const auto has_signal = [](const RecoveryWindow& window) { return window.signal_s.has_value(); };
  const bool was_quiet = std::ranges::none_of(before, has_signal);
  for (const RecoveryWindow& window : since) {
    const bool is_signal = was_quiet && window.signal_s && *window.signal_s >= fault_start_s;
    if (!is_signal && !shows_fault(window, baseline, rule)) continue;
    const bool is_exact = window.signal_s && *window.signal_s >= fault_start_s;
    return std::max(0.0, (is_exact ? *window.signal_s : window.t) - fault_start_s);
  }
  return std::nullopt;
}

bool is_reduced(const RecoveryWindow& window) { return window.load_factor < 1; }

// Whether there is a run of good windows anywhere in these.
bool becomes_good(Windows windows, const RecoveryBaseline& baseline, const RecoveryRule& rule) {
  std::size_t length = 0;
  for (const RecoveryWindow& window : windows) {
    length = is_good(window, baseline, rule) ? length + 1 : 0;
    if (length >= rule.windows) return true;
  }
  return false;
}

Windows first_stretch_of_reduced(Windows windows) {
  const auto begin = std::ranges::find_if(windows, is_reduced);
  return {begin, std::find_if_not(begin, windows.end(), is_reduced)};
}

}  // namespace

Recovery recovery_of(Windows before, Windows since, double fault_start_s, double fault_end_s,
                     const RecoveryRule& rule) {
  GAUNTLET_CHECK(rule.windows > 0);
  Recovery recovery;
  if (before.size() < rule.windows) return recovery;
  recovery.baseline = baseline_of(before, rule);
  if (!(recovery.baseline.goodput_per_s > 0)) return recovery;
  recovery.detected_s = detected_s(before, since, fault_start_s, recovery.baseline, rule);

  const Windows all = ending_after(since, fault_end_s);
  const Windows after(all.begin(), std::ranges::find_if(all, is_reduced));
  recovery.status = RecoveryStatus::too_short;
  if (after.size() < rule.windows || fault_end_s < fault_start_s) return recovery;
  Run run(rule.windows);
  for (const RecoveryWindow& window : after) {
    is_good(window, recovery.baseline, rule) ? run.good(window) : run.bad(window);
  }
  recovery.relapses = run.relapses();
  const auto since_fault = [&](double t) {
    return RecoveryTime{std::max(0.0, t - fault_start_s), std::max(0.0, t - fault_end_s)};
  };
  if (run.complete()) {
    recovery.status = RecoveryStatus::recovered;
    recovery.recovered = since_fault(run.start_s());
    recovery.recovered_earliest = since_fault(run.earliest_s());
  } else {
    recovery.status = RecoveryStatus::never;
    recovery.censored = since_fault(after.back().t);
    recovery.metastable = becomes_good(first_stretch_of_reduced(all), recovery.baseline, rule);
  }
  return recovery;
}

}  // namespace gauntlet::stats
