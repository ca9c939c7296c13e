#include "record/roll_up.h"

#include <algorithm>
#include <ranges>
#include <span>

#include "core/check.h"

namespace gauntlet::record {

namespace {

constexpr double kGapS = 1;  // seconds do not end at exact whole seconds

template <typename Timed>
double begin_of(const Timed& timed) {
  return timed.t - timed.length;
}

// Where the minute that begins at `first` ends; nothing while it may still grow.
std::optional<std::size_t> end_of_minute(const std::vector<run::TimedHistograms>& all,
                                         std::size_t first) {
  for (std::size_t i = first + 1; i < all.size(); ++i) {
    const bool joins = all[i].phase == all[first].phase &&
                       begin_of(all[i]) - all[i - 1].t < kGapS &&
                       all[i].t - begin_of(all[first]) < kRolledS + 0.5;
    if (!joins) return i;
  }
  return std::nullopt;
}

run::Latencies merged(std::span<const run::TimedHistograms> parts) {
  run::Latencies all;
  for (const auto& part : parts) {
    const auto latencies = decode(part);
    GAUNTLET_CHECK(latencies.has_value());  // we encoded it, or a reader has looked at it
    all.merge(*latencies);
  }
  return all;
}

run::Second merged(std::span<const run::Second> parts, const run::Latencies& latencies) {
  run::Second all = parts.back();
  all.length = 0;
  all.counts = {};
  all.traffic = {};
  all.group_completed = {};
  all.first_signal_s = 0;
  all.victims_waiting = 0;
  double cpu_s = 0;
  for (const auto& part : parts) {
    all.length += part.length;
    all.counts.add(part.counts);
    all.traffic.add(part.traffic);
    for (std::size_t i = 0; i < all.group_completed.size(); ++i)
      all.group_completed[i] += part.group_completed[i];
    all.victims_waiting = std::max(all.victims_waiting, part.victims_waiting);
    all.pause_s = std::max(all.pause_s, part.pause_s);
    if (all.first_signal_s == 0) all.first_signal_s = part.first_signal_s;
    cpu_s += part.generator_cpu * part.length;
  }
  all.generator_cpu = all.length > 0 ? cpu_s / all.length : 0;
  set_percentiles(all, latencies);
  return all;
}

// Puts one in the place of [first, end).
template <typename T>
void replace(std::vector<T>& all, std::size_t first, std::size_t end, const T& with) {
  all[first] = with;
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(first + 1),
            all.begin() + static_cast<std::ptrdiff_t>(end));
}

// One row for each operation in the place of those of a minute.
std::vector<run::TimedOperation> roll_up_operations(std::vector<run::TimedOperation>& all,
                                                    const RollUp::Minute& minute) {
  const auto by_time = &run::TimedOperation::t;
  const auto begin = std::ranges::upper_bound(all, minute.from_s, {}, by_time);
  const auto end = std::ranges::upper_bound(begin, all.end(), minute.histograms.t, {}, by_time);
  std::vector<run::OperationWindow> windows;
  for (const auto& row : std::ranges::subrange(begin, end)) {
    windows.resize(std::max(windows.size(), std::size_t{row.operation} + 1));
    auto response = stats::Histogram::decode_v2_compressed(row.response);
    GAUNTLET_CHECK(response.has_value());  // as above
    windows[row.operation].merge({row.counts, std::move(*response)});
  }
  run::Second times;
  times.t = minute.histograms.t;
  times.length = minute.histograms.length;
  times.phase = minute.histograms.phase;
  std::vector<run::TimedOperation> rows;
  for (std::uint32_t i = 0; i < windows.size(); ++i)
    rows.push_back(timed_operation(times, i, windows[i]));
  all.insert(all.erase(begin, end), rows.begin(), rows.end());
  return rows;
}

}  // namespace

void set_percentiles(run::Second& second, const run::Latencies& latencies) {
  const auto& response = latencies.response;
  second.response_p50_ms = response.quantile_ms(0.5);
  second.response_p95_ms = response.quantile_ms(0.95);
  second.response_p99_ms = response.quantile_ms(0.99);
  second.response_max_ms = static_cast<double>(response.max_us()) / 1e3;
  second.service_p99_ms = latencies.service.quantile_ms(0.99);
  second.send_lag_p99_ms = latencies.send_lag.quantile_ms(0.99);
}

run::TimedHistograms timed_histograms(const run::Second& second, const run::Latencies& latencies) {
  return {.t = second.t,
          .length = second.length,
          .phase = second.phase,
          .response = latencies.response.encode_v2_compressed(),
          .service = latencies.service.encode_v2_compressed(),
          .send_lag = latencies.send_lag.encode_v2_compressed()};
}

run::TimedOperation timed_operation(const run::Second& second, std::uint32_t operation,
                                    const run::OperationWindow& window) {
  return {.t = second.t,
          .length = second.length,
          .phase = second.phase,
          .operation = operation,
          .counts = window.counts,
          .response = window.response.encode_v2_compressed()};
}

std::optional<RollUp::Minute> RollUp::step(std::vector<run::Second>& seconds,
                                           std::vector<run::TimedHistograms>& histograms,
                                           std::vector<run::TimedOperation>& operations,
                                           double now_s) {
  GAUNTLET_CHECK(!with_seconds_ || seconds.size() == histograms.size());
  const auto end = end_of_minute(histograms, done_);
  if (!end || histograms[*end - 1].t > now_s - kRollUpAfterS) return std::nullopt;
  const std::size_t first = done_++;
  const std::size_t size = *end - first;
  const auto parts = std::span(histograms).subspan(first, size);
  const run::Latencies latencies = merged(parts);
  run::Second window;  // whose times these are
  window.t = parts.back().t;
  window.phase = parts.back().phase;
  window.length = 0;
  for (const auto& part : parts) window.length += part.length;
  // Threads hand their seconds over some ms apart: a second may begin before the last one ended.
  double from_s = begin_of(parts.front());
  if (first > 0) from_s = std::max(from_s, histograms[first - 1].t);
  Minute minute{.from_s = from_s, .histograms = timed_histograms(window, latencies), .second = {}};
  replace(histograms, first, *end, minute.histograms);
  minute.operations = roll_up_operations(operations, minute);
  if (!with_seconds_) return minute;
  minute.second.push_back(merged(std::span(seconds).subspan(first, size), latencies));
  replace(seconds, first, *end, minute.second.front());
  return minute;
}

}  // namespace gauntlet::record
