// How each metric of run/limit.h is read from a record.
//
//   connections      ready at the end of a second: the median over the measured phase's seconds,
//                    so that one reconnection does not count, and a lasting loss does
//   throughput       verified messages per second, counted in the second they completed in
//   achieved         throughput / messages that came due per second, in the same seconds
//   p50 … max, mean  response times of the messages intended in the measured phase
//   service_…        service times of the same messages
//   error_rate       errors / scheduled, of the messages intended in the measured phase
//   errors, errors_… the same counts
//   sessions_lost    answers 404 to a session, over the whole run
//   spread_p         chi-square p of the messages completed by each connection, against all equal;
//                    bursts count as one, since they go to one connection by plan. Open loop only
//   spread_max_mean  the busiest connection's messages / the mean
//   memory_peak      the largest sample in the measured phase, of all the target's processes: of
//                    proportional memory (PSS) where it can be read, else of resident memory
//   memory_growth    Theil-Sen slope of these samples x 5 min, with its 95 % confidence interval;
//                    a projection where the phase is shorter, and then it says so
//   memory_drift     slope of the lower envelope of resident memory, warm-up left out, x 24 h, with
//                    bounds that allow for neighbours that resemble each other (stats/drift.h);
//                    descriptors and threads are taken the same way, and so are the sessions and
//                    the heap that the target's own metrics tell
//   error_rate_drift Theil-Sen line through the error rate of short windows, with Sen's bounds,
//                    over the whole phase
//   error_rate_hourly, p95_hourly  slices of an hour, or of a tenth of a phase of less than ten
//                    hours (run/slices.h); p95 from all times in the slice, merged exactly, and
//                    compared with the first slice that begins after p95's own warm-up
//   crashes          processes of the target that were there at the begin of load and are no more
//   pause_max        times in which the generator itself was late to look do not count
//   recovery         from the fault's start to recovered, by stats/recovery.h on one-second windows
//   reconnected      victims that are back / victims
//   throughput_gain  of a climbing suite: throughput of its last judged level / of its first
//   error_rate_worst of a climbing suite: the largest error rate of a judged level
//   residual_…_worst of a climbing suite's judged levels that have faults: seconds of the last
//   phase
//                    against those of the measured one; left_behind: of all levels' faults
//
// A quantile q of n messages is judged by the observed value where n (1 - q) >= 10, so that at
// least ten messages lie beyond it. With fewer, only a FAIL is possible: where the lower bound of
// its 95 % confidence interval (order statistics) is beyond the limit already.
// The maximum is judged in the light of the generator's own maximal lag, which is part of it:
// where that is above a tenth of the limit, the true value lies up to that lag lower.
// Private to verdict/; pure functions.
#pragma once

#include <string>

#include "run/limit.h"
#include "run/record.h"
#include "verdict/observation.h"

namespace gauntlet::verdict {

Observed observe(const run::Record& record, const run::Test& test, const run::Metric& metric,
                 const run::Limit& limit);

// "149,870 messages verified of 149,870 scheduled over 30.0 s, nonce checked on each"
std::string message_evidence(const run::Record& record);

// Errors that a saturated generator or a busy machine may have made. What a later fault cut off
// would have been over before it, had it been sent and answered in time.
bool may_be_own(const run::Record& record, run::ErrorClass error);
std::uint64_t own_errors(const run::Record& record, const run::ErrorCounts& errors);
// Why `own` of the errors need not be the target's; "" where they are.
std::string doubt_about(const run::SelfCheck& check, std::uint64_t own);

// One each for the parts of a record.
Observed observe_times(const run::Record& record, const run::Metric& metric,
                       const run::Limit& limit);                                 // latency.cc
Observed observe_spread(const run::Record& record, const run::Metric& metric);   // spread.cc
Observed observe_memory(const run::Record& record, const run::Metric& metric);   // memory.cc
Observed observe_drift(const run::Record& record, const run::Metric& metric);    // soak.cc
Observed observe_slices(const run::Record& record, const run::Metric& metric);   // soak.cc
Observed observe_crashes(const run::Record& record, const run::Metric& metric);  // soak.cc
Observed observe_pause(const run::Record& record, const run::Metric& metric);    // soak.cc
Observed observe_fault(const run::Record& record, const run::Test& test, const run::Metric& metric,
                       const run::Limit& limit);  // fault.cc
Observed observe_hit(const run::Record& record, const run::FaultRecord& fault,
                     const run::Metric& metric);  // hit.cc
// What the totals of a phase say about the fault in it, or of the last one after it.
Observed observe_fault_phase(const run::Record& record, const run::FaultRecord& fault,
                             const run::Test& test, const run::Metric& metric);  // fault_phase.cc
// Of all levels: how the last phase differs from the measured one, and what faults left behind.
Observed observe_after_levels(const run::Record& record, const run::Metric& metric);  // after.cc

}  // namespace gauntlet::verdict
