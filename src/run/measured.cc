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

}  // namespace

Measured measure(const Record& record) {
  Measured measured;
  const std::size_t phase = record.measured_phase();
  if (phase >= record.phase_start_s.size() || record.seconds.empty()) return measured;
  const double planned = core::to_seconds(record.plan.phases[phase].duration);
  const double reached = record.seconds.back().t;
  measured.start_s = record.phase_start_s[phase];
  measured.end_s = std::clamp(reached, measured.start_s, measured.start_s + planned);
  measured.complete = reached >= measured.start_s + planned - kEndSlackS;
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

}  // namespace gauntlet::run
