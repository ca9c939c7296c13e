#include "stats/impact.h"

#include <algorithm>

namespace gauntlet::stats {
namespace {

double at_most_one(double share) { return std::min(share, 1.0); }

// Errors of messages that were scheduled in earlier windows can make this exceed 1.
double rate(double errors, double scheduled) {
  if (scheduled > 0) return at_most_one(errors / scheduled);
  return errors > 0 ? 1 : 0;
}

}  // namespace

Impact impact_of(std::span<const RecoveryWindow> felt, const RecoveryBaseline& baseline) {
  Impact impact;
  double expected_in_all = 0, errors = 0, scheduled = 0, retries = 0;
  for (const RecoveryWindow& window : felt) {
    const double expected = baseline.goodput_per_s * window.load_factor * window.length_s;
    const double lost = std::max(0.0, expected - window.goodput);
    expected_in_all += expected;
    impact.lost += lost;
    if (expected > 0 && lost / expected > impact.worst_share) {
      impact.worst_share = at_most_one(lost / expected);
      impact.worst_t = window.t;
    }
    impact.peak_error_rate =
        std::max(impact.peak_error_rate, rate(window.errors, window.scheduled));
    errors += window.errors;
    scheduled += window.scheduled;
    retries += window.retries;
    ++impact.windows;
  }
  if (expected_in_all > 0) impact.lost_share = at_most_one(impact.lost / expected_in_all);
  impact.error_rate = rate(errors, scheduled);
  if (scheduled > 0) impact.attempts_per_message = (scheduled + retries) / scheduled;
  return impact;
}

}  // namespace gauntlet::stats
