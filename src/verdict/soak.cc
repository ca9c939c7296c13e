#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "core/quantity.h"
#include "run/measured.h"
#include "run/slices.h"
#include "stats/drift.h"
#include "stats/warm_up.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

namespace {

using run::MetricKind;
using stats::TrendSample;

constexpr double kDayS = 86'400;
constexpr double kPageMb = 4096 / (1024.0 * 1024.0);  // memory is counted in pages
// Windows of the error rate; each needs some messages, and the line through them some windows.
constexpr std::size_t kErrorWindows = 120;
constexpr double kErrorWindowMinS = 1;

template <typename Sample, typename Value>
std::vector<TrendSample> series(const std::vector<Sample>& all, const run::Measured& measured,
                                Value value) {
  std::vector<TrendSample> samples;
  for (const auto& sample : all)
    if (sample.t >= measured.start_s && sample.t <= measured.end_s)
      samples.push_back({sample.t, static_cast<double>(std::invoke(value, sample))});
  return samples;
}

// What the target told of one thing.
std::vector<TrendSample> gauges(const run::Record& record, const run::Measured& measured,
                                std::optional<double> run::GaugeSample::* of) {
  std::vector<TrendSample> samples;
  for (const auto& sample : record.gauges)
    if (sample.*of && sample.t >= measured.start_s && sample.t <= measured.end_s)
      samples.push_back({sample.t, *(sample.*of)});
  return samples;
}

// Errors / scheduled in windows of the measured phase.
std::vector<TrendSample> error_rates(const run::Record& record, const run::Measured& measured) {
  const double length_s = std::max(measured.length_s() / kErrorWindows, kErrorWindowMinS);
  std::vector<TrendSample> rates;
  run::Counts counts;
  double begin_s = measured.start_s;
  for (const auto& second : record.seconds) {
    if (second.t <= measured.start_s || second.t > measured.end_s) continue;
    counts.add(second.counts);
    if (second.t < begin_s + length_s - 0.1) continue;
    if (counts.scheduled > 0)
      rates.push_back({(begin_s + second.t) / 2, static_cast<double>(run::sum(counts.errors)) /
                                                     static_cast<double>(counts.scheduled)});
    counts = {};
    begin_s = second.t;
  }
  return rates;
}

// Errors come in spikes, which would widen bounds that rest on the scatter: Sen's rest on ranks.
std::optional<stats::Drift> drift_of_errors(const std::vector<TrendSample>& samples) {
  const auto trend = stats::theil_sen(samples);
  if (!trend) return std::nullopt;
  const double length_s = samples.back().t - samples.front().t;
  return stats::Drift{.trend = *trend,
                      .from = samples.front().t,
                      .window = length_s / static_cast<double>(samples.size() - 1),
                      .smallest = stats::smallest_shown(*trend)};
}

struct DriftCase {
  std::vector<TrendSample> samples;
  double over_s = kDayS;  // what the slope is told for
  double step = 0;        // the least by which a sample can change
  std::string_view what;
};

// Of a series that never changed its own scatter says nothing. The median of all slopes between two
// samples leaves 0 after two steps, spread evenly: before that most pairs have none in between.
double smallest_shown(const DriftCase& drift_case, const stats::Drift& drift) {
  const auto& samples = drift_case.samples;
  const double length = samples.back().t - std::max(samples.front().t, drift.from);
  return std::max(drift.smallest, length > 0 ? 2 * drift_case.step / length : 0);
}

DriftCase case_of(const run::Record& record, const run::Metric& metric) {
  const auto measured = run::measure(record);
  switch (metric.kind) {
    case MetricKind::descriptors_drift:
      return {.samples = series(record.holdings, measured, &run::HoldingsSample::descriptors),
              .step = 1,
              .what = "open descriptors"};
    case MetricKind::threads_drift:
      return {.samples = series(record.holdings, measured, &run::HoldingsSample::threads),
              .step = 1,
              .what = "threads"};
    case MetricKind::sessions_drift:
      return {.samples = gauges(record, measured, &run::GaugeSample::sessions),
              .step = 1,
              .what = "sessions"};
    case MetricKind::heap_drift:
      return {.samples = gauges(record, measured, &run::GaugeSample::heap_mb),
              .step = kPageMb,  // told in bytes, but that is what a heap grows by
              .what = "the heap"};
    case MetricKind::error_rate_drift:
      return {.samples = error_rates(record, measured),
              .over_s = measured.length_s(),
              .what = "the error rate"};
    default:
      return {.samples = series(record.memory, measured, &run::MemorySample::resident_mb),
              .step = kPageMb,
              .what = "resident memory"};
  }
}

std::string drift_evidence(const DriftCase& drift_case, const stats::Drift& drift,
                           const run::Metric& metric) {
  const auto told = [&](double slope) {
    return run::format_value(slope * drift_case.over_s, metric.unit);
  };
  return fmt::format(
      "{} samples of {} over {}; Theil-Sen slope from {} on, windows of {}, 95 % CI {} to {}; "
      "the smallest drift that would have shown: {}",
      drift_case.samples.size(), drift_case.what,
      core::format_duration(core::from_seconds(
          std::round(drift_case.samples.back().t - drift_case.samples.front().t))),
      core::format_duration(core::from_seconds(std::round(drift.from))),
      core::format_duration(core::from_seconds(std::round(drift.window))), told(drift.trend.low),
      told(drift.trend.high), told(smallest_shown(drift_case, drift)));
}

std::unexpected<Unobserved> untold(std::string_view what) {
  return std::unexpected(Unobserved{
      run::Outcome::skipped,
      "none",
      fmt::format("the target's metrics do not tell {}: `target_metrics` says where they "
                  "are",
                  what),
      {}});
}

std::unexpected<Unobserved> unseen(const run::Record& record) {
  return std::unexpected(Unobserved{run::Outcome::skipped,
                                    "none",
                                    record.memory_reason.empty()
                                        ? "the target's processes were not looked at"
                                        : record.memory_reason,
                                    {}});
}

// The slice that p95 is compared with: the first that begins when p95 has become steady, as far as
// its seconds tell; and how that was told.
std::pair<std::size_t, std::string> first_steady(const run::Record& record,
                                                 const std::vector<run::Slice>& slices) {
  std::vector<double> values, times;
  for (const auto& second : record.seconds) {
    if (second.t <= slices.front().start_s || second.t > slices.back().end_s) continue;
    // A row may be a minute, and the warm-up is looked for at even distances.
    const auto weight = std::max(std::lround(second.length), 1L);
    for (long i = 0; i < weight; ++i) {
      values.push_back(second.response_p95_ms);
      times.push_back(second.t - second.length + static_cast<double>(i));
    }
  }
  const auto warm_up = stats::warm_up_of(values);
  if (warm_up.status == stats::WarmUpStatus::never) return {0, "p95 never became steady (MSER-5)"};
  if (warm_up.status == stats::WarmUpStatus::too_short) return {0, "too short to tell a warm-up"};
  const double begin_s = times[warm_up.begin];
  const auto slice = std::ranges::find_if(slices, [&](const run::Slice& each) {
    return each.start_s >= begin_s - 1 && !each.response.empty();
  });
  const auto index = static_cast<std::size_t>(slice - slices.begin());
  return {index < slices.size() ? index : 0,
          fmt::format("p95 is steady from {:.0f} s on (MSER-5)", begin_s)};
}

std::string slice_name(const std::vector<run::Slice>& slices, std::size_t i) {
  return fmt::format("{:.0f} to {:.0f} s", slices[i].start_s, slices[i].end_s);
}

Observed worst_p95(const run::Record& record, const std::vector<run::Slice>& slices,
                   const run::Metric& metric) {
  const auto [first, steady] = first_steady(record, slices);
  if (slices[first].response.empty()) return inconclusive("no_samples: no message was verified");
  const double reference = slices[first].response.quantile_ms(0.95);
  std::size_t worst = first;
  const auto apart = [&](std::size_t i) {
    return std::abs(slices[i].response.quantile_ms(0.95) - reference);
  };
  for (std::size_t i = first; i < slices.size(); ++i)
    if (!slices[i].response.empty() && apart(i) > apart(worst)) worst = i;
  return exact(
      apart(worst), run::format_value(apart(worst), metric.unit),
      fmt::format("p95 of {} slices; {}; {:.3g} ms in the first steady one ({}), {:.3g} ms "
                  "in the furthest ({})",
                  slices.size(), steady, reference, slice_name(slices, first),
                  slices[worst].response.quantile_ms(0.95), slice_name(slices, worst)));
}

Observed worst_error_rate(const run::Record& record, const std::vector<run::Slice>& slices,
                          const run::Metric& metric) {
  const auto rate = [](const run::Slice& slice) {
    return static_cast<double>(run::sum(slice.counts.errors)) /
           static_cast<double>(std::max<std::uint64_t>(slice.counts.scheduled, 1));
  };
  const auto worst = std::ranges::max_element(slices, {}, rate);
  if (worst->counts.scheduled == 0) return inconclusive("no_samples: no message came due");
  auto seen = exact(
      rate(*worst), run::format_value(rate(*worst), metric.unit),
      fmt::format("the worst of {} slices ({}): {} errors of {} messages scheduled", slices.size(),
                  slice_name(slices, static_cast<std::size_t>(worst - slices.begin())),
                  core::format_count(run::sum(worst->counts.errors)),
                  core::format_count(worst->counts.scheduled)));
  const auto own = own_errors(record, worst->counts.errors);
  seen.doubt = doubt_about(record.self_check, own);
  if (!seen.doubt.empty())
    seen.low = static_cast<double>(run::sum(worst->counts.errors) - own) /
               static_cast<double>(worst->counts.scheduled);
  return seen;
}

}  // namespace

Observed observe_drift(const run::Record& record, const run::Metric& metric) {
  const DriftCase drift_case = case_of(record, metric);
  const bool of_processes = metric.kind != MetricKind::error_rate_drift;
  const bool is_told =
      metric.kind == MetricKind::sessions_drift || metric.kind == MetricKind::heap_drift;
  if (is_told && drift_case.samples.empty()) return untold(drift_case.what);
  if (of_processes && !is_told && record.memory.empty()) return unseen(record);
  if (drift_case.samples.empty())
    return inconclusive(
        fmt::format("no_samples: {} was not seen in the measured phase", drift_case.what));
  const auto drift = of_processes
                         ? stats::drift_of(drift_case.samples, stats::DriftOf::lower_envelope)
                         : drift_of_errors(drift_case.samples);
  if (!drift)
    return inconclusive(fmt::format("too_few_samples: {} samples of {} are too few for a trend",
                                    drift_case.samples.size(), drift_case.what));
  const double value = drift->trend.slope * drift_case.over_s;
  const double low = drift->trend.low * drift_case.over_s;
  const double high = drift->trend.high * drift_case.over_s;
  return Observation{.value = value,
                     .low = low,
                     .high = high,
                     .text = run::format_value(value, metric.unit),
                     .evidence = drift_evidence(drift_case, *drift, metric),
                     .doubt = fmt::format("uncertain: 95 % CI {} to {} reaches over the limit",
                                          run::format_value(low, metric.unit),
                                          run::format_value(high, metric.unit))};
}

Observed observe_slices(const run::Record& record, const run::Metric& metric) {
  const auto slices = run::slices_of(record);
  if (slices.empty()) return inconclusive("no_samples: no second of the measured phase was seen");
  return metric.kind == MetricKind::p95_slices ? worst_p95(record, slices, metric)
                                               : worst_error_rate(record, slices, metric);
}

Observed observe_crashes(const run::Record& record, const run::Metric& metric) {
  if (record.holdings.empty() && !record.target_exited) return unseen(record);
  std::uint64_t ended = record.target_exited ? 1 : 0;
  for (const auto& sample : record.holdings) ended = std::max(ended, sample.ended);
  const auto first = record.holdings.empty() ? 1 : record.holdings.front().processes;
  return exact(static_cast<double>(ended),
               run::format_value(static_cast<double>(ended), metric.unit),
               fmt::format("{} of {} processes ended, looked at {} times", ended, first,
                           record.holdings.size()));
}

Observed observe_pause(const run::Record& record, const run::Metric& metric) {
  const auto measured = run::measure(record);
  double longest_ms = 0, at_s = 0;
  std::size_t seconds = 0;
  for (const auto& second : record.seconds) {
    if (second.t <= measured.start_s || second.t > measured.end_s) continue;
    ++seconds;
    if (second.pause_s * 1e3 <= longest_ms) continue;
    longest_ms = second.pause_s * 1e3;
    at_s = second.t;
  }
  if (seconds == 0) return inconclusive("no_samples: no second of the measured phase was seen");
  return exact(
      longest_ms, run::format_value(longest_ms, metric.unit),
      fmt::format("of {} windows; the longest pause ended before {:.1f} s", seconds, at_s));
}

}  // namespace gauntlet::verdict
