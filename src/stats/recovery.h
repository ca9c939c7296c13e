// Recovery: whether, when and for how long a system came back after a fault, judged second by
// second against itself before the fault. Pure functions; safe on any thread.
//
// A window is good where all of this holds, baselines being those of the windows before the fault:
//   goodput      >= goodput_share * median goodput
//   error rate   <= baseline error rate + error_points
//   p99          <= max(p99_factor * median p99, p99_limit_ms)
//   victims      are all back
//   outstanding  <= the baseline's (see RecoveryBaseline::outstanding_limit)
// Recovered is the start of the first run of `windows` consecutive good windows that no relapse
// follows. A relapse is a second bad window within `windows` of another one: a lone bad second
// happens to healthy systems too, as the windows before a fault show. Only windows that end after
// the fault count. The window in which the fault ends may begin the run, and then (only then) the
// time since the fault's end is 0. "Never" has no time at all, only how long one looked.
//
// One looks as long as the load is the baseline's: windows from the first one of reduced load on
// only tell whether the failure is metastable (Bronson et al., Metastable Failures in Distributed
// Systems, HotOS 2021): its trigger is gone, it goes on at unchanged load, and less load ends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace gauntlet::stats {

// One window of about a second. Windows follow each other without gaps.
struct RecoveryWindow {
  double t = 0;  // its end, in seconds on the same clock as the fault's times
  double length_s = 1;
  double goodput = 0;  // verified responses in it: a count, like the next two
  double scheduled = 0;
  double errors = 0;
  double p99_ms = 0;
  bool victims_back = true;  // at its end
  double outstanding = 0;    // at its end
  double retries = 0;        // attempts of messages beyond their first
  double p50_ms = 0;
  double load_factor = 1;  // of the planned load in it, to the load of the baseline
  std::optional<double> signal_s =
      {};  // the first error, missed heartbeat or lost connection in it
};

struct RecoveryRule {
  std::size_t windows = 5;
  double goodput_share = 0.90;
  double error_points = 0.005;
  double p99_factor = 2.0;
  double p99_limit_ms = 0;
  double outstanding_share = 0.10;
};

// Outstanding messages are counted at one instant, so the baseline's own spread is allowed for: at
// least this many messages, this many (robust) standard deviations of its windows, and what comes
// due in this time, since any scheduler may keep a process waiting that long at that instant.
inline constexpr double kOutstandingSlackMin = 10;
inline constexpr double kOutstandingDeviations = 4;
inline constexpr double kOutstandingSlackS = 0.020;

struct RecoveryBaseline {
  double goodput_per_s = 0;  // median
  double error_rate = 0;     // all errors / all scheduled
  double p99_ms = 0;         // median
  double outstanding = 0;    // median
  // (1 + outstanding_share) * median, or median + slack where that is more.
  double outstanding_limit = 0;
};

enum class RecoveryStatus : std::uint8_t {
  recovered,
  never,        // not within the windows there are: a censored value, and a failure
  no_baseline,  // fewer than `windows` windows before the fault, or no goodput in them
  too_short,    // fewer than `windows` windows after the fault's end, or an end before its start
};

struct RecoveryTime {
  double since_start_s = 0;  // of the fault; 0 or more
  double since_end_s = 0;
};

struct Recovery {
  RecoveryStatus status = RecoveryStatus::no_baseline;
  RecoveryBaseline baseline;              // zeros where there is none
  std::optional<double> detected_s;       // see recovery_of
  std::optional<RecoveryTime> recovered;  // exactly where status is recovered…
  // …which is the upper end of an interval: somewhere in the last bad window it became good.
  std::optional<RecoveryTime> recovered_earliest;
  std::optional<RecoveryTime> censored;  // exactly where it is never: end of the last window
  std::size_t relapses = 0;              // recoveries that a bad window cancelled
  bool metastable = false;               // only ever where status is never
};

// `before`: the steady windows that ended before the fault began. `since`: those that ended after
// that, up to the next fault or the end of load. detected_s is the time from the fault's start to
// the first signal: a window's signal_s, where it has one that no window before the fault had, else
// the end of the first window in which error rate or victims are not as above. A lack of answers is
// no signal: somebody has to have noticed.
Recovery recovery_of(std::span<const RecoveryWindow> before, std::span<const RecoveryWindow> since,
                     double fault_start_s, double fault_end_s, const RecoveryRule& rule);

}  // namespace gauntlet::stats
