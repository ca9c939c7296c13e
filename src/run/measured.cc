#include "run/measured.h"

#include <algorithm>

namespace gauntlet::run {

namespace {

// A run that ended this much before its phase did is still complete: seconds are not exact.
constexpr double kEndSlackS = 0.5;

double overlap_s(const Second& second, const Measured& window) {
  const double start = std::max(second.t - second.length, window.start_s);
  return std::min(second.t, window.end_s) - start;
}

// Cores that the target used in the measured phase, where its processes are visible.
std::optional<double> target_cpu(const Record& record, const Measured& window) {
  const CoreSample* first = nullptr;
  const CoreSample* last = nullptr;
  for (const auto& sample : record.cores) {
    if (sample.t < window.start_s || sample.t > window.end_s) continue;
    if (first == nullptr) first = &sample;
    last = &sample;
  }
  if (first == nullptr || last->t <= first->t) return std::nullopt;
  return (last->target_cpu_s - first->target_cpu_s) / (last->t - first->t);
}

}  // namespace

Measured measure(const Record& record) {
  Measured measured;
  const std::size_t phase = record.measured_phase();
  if (phase >= record.phase_start_s.size() || record.seconds.empty()) return measured;
  const double planned = core::to_seconds(record.plan.phases[phase].duration);
  const double reached = record.seconds.back().t;
  measured.start_s = record.phase_start_s[phase];
  double end = measured.start_s + planned;
  for (const auto& gap : record.gaps)
    if (gap.phase == phase) end += gap.length_s();
  measured.end_s = std::clamp(reached, measured.start_s, end);
  measured.gap_s = record.gaps_s(measured.start_s, measured.end_s);
  measured.complete = reached >= end - kEndSlackS;
  double covered = 0;
  for (const auto& second : record.seconds) {
    const double inside = overlap_s(second, measured);
    if (inside <= 0 || second.length <= 0) continue;
    const double share = inside / second.length;
    covered += inside;
    measured.scheduled_per_s += share * static_cast<double>(second.counts.scheduled);
    measured.achieved_per_s += share * static_cast<double>(second.counts.completed);
  }
  if (covered <= 0) return measured;
  measured.scheduled_per_s /= covered;
  measured.achieved_per_s /= covered;
  return measured;
}

double offered_per_s(const Record& record) {
  if (record.plan.load.arrivals != Arrivals::closed) return record.plan.load.rate;
  return measure(record).scheduled_per_s;
}

const PhaseTotals& measured_totals(const Record& record) {
  static const PhaseTotals kNone;
  const std::size_t phase = record.measured_phase();
  return phase < record.phases.size() ? record.phases[phase] : kNone;
}

double messages_per_write(const Record& record) {
  std::uint64_t dispatched = 0;
  std::uint64_t writes = 0;
  for (const auto& second : record.seconds) {
    if (second.phase != record.measured_phase()) continue;
    dispatched += second.counts.dispatched;
    writes += second.traffic.writes;
  }
  return writes == 0 ? 0 : static_cast<double>(dispatched) / static_cast<double>(writes);
}

bool are_scenarios(const Record& record) {
  constexpr std::ptrdiff_t kFaultyMin = 2;
  return std::ranges::count_if(record.level_records, [](const Record& level) {
           return !level.plan.faults.empty() || !level.faults.empty();
         }) >= kFaultyMin;
}

std::string variant(const Record& record) {
  if (record.levels.empty()) return "";
  return record.target.transport + "," + record.target.protocol;
}

std::string suite_title(const Record& record) {
  const std::string over = variant(record);
  return over.empty() ? record.plan.suite : record.plan.suite + "[" + over + "]";
}

std::optional<double> floor_share(const Record& record) {
  if (!record.floor || record.floor->messages_per_s <= 0) return std::nullopt;
  return measure(record).achieved_per_s / record.floor->messages_per_s;
}

std::optional<double> proportional_peak_mb(const Record& record) {
  const Measured measured = measure(record);
  std::optional<double> peak;
  for (const auto& sample : record.memory) {
    const bool inside = sample.t >= measured.start_s && sample.t <= measured.end_s;
    if (inside && sample.proportional_mb)
      peak = std::max(peak.value_or(0), *sample.proportional_mb);
  }
  return peak;
}

std::vector<std::uint32_t> bursts_of(const std::vector<LevelResult>& levels) {
  std::vector<std::uint32_t> bursts;
  for (const auto& result : levels)
    if (std::ranges::find(bursts, result.level.burst) == bursts.end())
      bursts.push_back(result.level.burst);
  return bursts;
}

std::string pattern_name(std::uint32_t burst) {
  return burst == 1 ? "single calls" : "bursts of " + std::to_string(burst);
}

std::optional<stats::ScalingFit> scaling_of(const std::vector<LevelResult>& levels) {
  std::vector<stats::ScalingSample> samples;
  for (const auto& result : levels)
    if (result.judged)
      samples.push_back({static_cast<double>(result.level.connections), result.achieved_per_s});
  return stats::fit_scaling(samples);
}

LevelResult level_result(const Record& record) {
  const Measured measured = measure(record);
  const PhaseTotals& totals = measured_totals(record);
  const stats::Histogram& response = totals.latencies.response;
  LevelResult result{.level = {},
                     .opened_s = record.opened_s,
                     .offered_per_s = offered_per_s(record),
                     .achieved_per_s = measured.achieved_per_s,
                     .messages_per_write = messages_per_write(record),
                     .response_p50_ms = response.quantile_ms(0.5),
                     .response_p95_ms = response.quantile_ms(0.95),
                     .response_p99_ms = response.quantile_ms(0.99),
                     .response_max_ms = static_cast<double>(response.max_us()) / 1e3,
                     .scheduled = totals.counts.scheduled,
                     .errors = sum(totals.counts.errors),
                     .memory_peak_mb = {},
                     .proportional_peak_mb = proportional_peak_mb(record),
                     .target_cpu = target_cpu(record, measured),
                     .generator_cpu = record.self_check.cpu_busiest_thread,
                     .floor_per_s = {},
                     .trusted = record.self_check.trusted};
  if (record.floor) result.floor_per_s = record.floor->messages_per_s;
  for (const auto& sample : record.memory)
    result.memory_peak_mb = std::max(result.memory_peak_mb.value_or(0), sample.resident_mb);
  return result;
}

}  // namespace gauntlet::run
