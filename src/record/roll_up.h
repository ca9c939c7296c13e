// Roll-up: seconds of long ago become minutes, so that a run of days keeps within bounds. Counts
// add up, histograms merge exactly and the minute's percentiles come from them; gauges are those at
// the minute's end. A minute does not reach over the border of a phase, nor over a gap. Where a run
// has faults its seconds stay, since faults are judged second by second: then only the histograms
// are rolled up. Belongs to the main thread.
#pragma once

#include <cstddef>
#include <vector>

#include "core/result.h"
#include "run/record.h"

namespace gauntlet::record {

inline constexpr double kRollUpAfterS = 3600;
inline constexpr double kRolledS = 60;

class RollUp {
 public:
  // `with_seconds`: seconds are rolled up too; they then have to be as many as the histograms.
  explicit RollUp(bool with_seconds) : with_seconds_(with_seconds) {}

  // What took the place of all that ended after from_s, up to histograms.t.
  struct Minute {
    double from_s = 0;
    run::TimedHistograms histograms;
    std::vector<run::Second> second;  // none, or one
    std::vector<run::TimedOperation> operations = {};
  };

  // Makes one minute of the oldest seconds where they are old enough at `now_s`, in place; nothing
  // otherwise. Both vectors grow at their end between calls.
  std::optional<Minute> step(std::vector<run::Second>& seconds,
                             std::vector<run::TimedHistograms>& histograms,
                             std::vector<run::TimedOperation>& operations, double now_s);

 private:
  bool with_seconds_;
  std::size_t done_ = 0;  // these are minutes
};

// What a second's latencies are on record as.
run::TimedHistograms timed_histograms(const run::Second& second, const run::Latencies& latencies);
void set_percentiles(run::Second& second, const run::Latencies& latencies);

run::TimedOperation timed_operation(const run::Second& second, std::uint32_t operation,
                                    const run::OperationWindow& window);

}  // namespace gauntlet::record
