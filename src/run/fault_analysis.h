// FaultAnalysis: what one occurrence of a fault did to a run, and how the run came back.
// Made by verdict/fault_windows.h from the record's seconds; plain values. Shares are 0 to 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "stats/impact.h"
#include "stats/recovery.h"
#include "stats/shift.h"

namespace gauntlet::run {

// Of the victims that are back, in seconds since the fault's start; nearest rank.
struct ReconnectTimes {
  std::uint64_t victims = 0;
  std::uint64_t back = 0;
  std::optional<double> p50_s, p95_s, p99_s, max_s;  // none: that many are not back
};

struct FaultAnalysis {
  double end_s = 0;     // of the fault, and of those that overlap with it or follow at once
  double looked_s = 0;  // end of the last window that belongs to it
  std::size_t baseline_windows = 0;
  stats::Recovery recovery;
  std::optional<double> detected_s;  // since its start, on either side
  std::string detected_by;           // "clients", or what the target's side noticed
  stats::Impact impact;              // from its start until recovered, or as long as one looked
  std::optional<stats::Shift> residual_p50;      // relative to the baseline; above 0: slower
  std::optional<stats::Shift> residual_goodput;  // relative to the baseline; above 0: less
  ReconnectTimes reconnects;
};

std::string_view to_string(stats::RecoveryStatus status);

}  // namespace gauntlet::run
