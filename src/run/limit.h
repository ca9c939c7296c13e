// Limits as users write them, and the metrics that they may speak of.
//
//   p95 <= 102ms
//   throughput >= 4500/s, warn >= 4000/s       PASS to 4500, WARN to 4000, FAIL below
//   error_rate<0.1%                            blanks are free
//
// One language for a suite's `limits` and for `--slo`. A value is written in its metric's unit:
// ms and s take a duration with its unit (85ms, 1.5s), MB takes bytes (500MB, 2GB; powers of 1024),
// a ratio takes 0.1% or 0.001, msg/s takes 4500/s or 4.5k/s, a count takes 150 or 15k.
// Plain functions of their arguments, callable from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "run/plan.h"

namespace gauntlet::run {

enum class Unit : std::uint8_t {
  count,
  per_second,  // messages per second
  milliseconds,
  seconds,
  megabytes,  // 2^20 bytes
  megabytes_per_5min,
  megabytes_per_day,
  ratio,   // 0 to 1, printed in per cent
  number,  // no unit
};

// What a metric is taken from; how is described in verdict/metrics.h.
enum class MetricKind : std::uint8_t {
  connections,
  throughput,
  achieved,
  response_quantile,
  response_mean,
  service_quantile,
  service_mean,
  error_rate,
  errors,
  errors_of_class,
  sessions_lost,
  spread_p,
  spread_max_mean,
  memory_peak,
  memory_growth,
  // Of a long run, from here…
  memory_drift,
  descriptors_drift,
  threads_drift,
  sessions_drift,
  heap_drift,
  error_rate_drift,
  error_rate_slices,
  p95_slices,
  crashes,  // …to here
  pause,
  // Of a fault, from here…
  recovery,
  healed,
  detection,
  depth,
  throughput_lost,
  peak_error_rate,
  fault_error_rate,
  amplification,
  relapses,
  residual_p50,
  residual_goodput,
  untargeted_goodput,
  unrecovered,
  excess_quantile,
  reconnect_quantile,
  clients_hit,
  tool_error_rate,
  final_goodput,
  final_error_rate,
  reconnected,  // …to here
  // Of all levels together, from here…
  throughput_gain,
  error_rate_worst,
  residual_p50_worst,
  residual_goodput_worst,
  left_behind,  // …to here
};

struct Metric {
  std::string name;
  MetricKind kind = MetricKind::connections;
  Unit unit = Unit::number;
  std::string meaning;          // one line for the documentation
  double quantile = 0;          // of *_quantile; 1 is the maximum
  std::size_t error_class = 0;  // of errors_of_class
};

// All of them, in the order of the documentation.
std::span<const Metric> metrics();
// nullptr where there is none of that name.
const Metric* find_metric(std::string_view name);

// Whether it is one of a fault's, so that its test has to name the fault.
inline bool speaks_of_fault(MetricKind kind) {
  return kind >= MetricKind::recovery && kind <= MetricKind::reconnected;
}

// Whether it is one of a long run, whose reports tell it slice by slice (run/slices.h).
inline bool speaks_of_soak(MetricKind kind) {
  return kind >= MetricKind::memory_drift && kind <= MetricKind::crashes;
}

// Whether it is one of all levels of a suite together.
inline bool speaks_of_levels(MetricKind kind) {
  return kind >= MetricKind::throughput_gain && kind <= MetricKind::left_behind;
}

// Errors are usage errors that quote the limit and say what is wrong with it.
core::Result<Limit> parse_limit(std::string_view text);

std::string format_value(double value, Unit unit);  // "2.13 ms", "0.08 %", "4,998 msg/s"
std::string format_limit(const Limit& limit);       // "<= 102 ms", "< 0.1 %, warn <= 1 %"

}  // namespace gauntlet::run
