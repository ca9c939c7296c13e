// Impact: what a fault cost while it was felt, in windows of about a second against the baseline
// before it: the area of lost goodput, the worst window, errors and attempts.
// Pure; safe on any thread.
#pragma once

#include <cstddef>
#include <span>

#include "stats/recovery.h"

namespace gauntlet::stats {

struct Impact {
  std::size_t windows = 0;
  double lost = 0;  // messages that were missing from the baseline's goodput, each window apart
  double lost_share = 0;       // of what the baseline would have brought; 0 to 1
  double worst_share = 0;      // lost in the worst window; 0 to 1
  double worst_t = 0;          // its end
  double error_rate = 0;       // errors / scheduled, of all windows together; at most 1
  double peak_error_rate = 0;  // of the worst window; at most 1
  double attempts_per_message = 1;
};

// `felt`: the windows from the fault's beginning until the system had recovered. A window in which
// more came through than in the baseline makes up for none of the others: a backlog that is worked
// off does not undo that it was late. Where load was planned to be less, less is missed.
Impact impact_of(std::span<const RecoveryWindow> felt, const RecoveryBaseline& baseline);

}  // namespace gauntlet::stats
