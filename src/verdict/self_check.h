// The self-check: was the load generator itself the bottleneck, so that the target must not be
// judged by what it measured? And had the target the cores that it wanted? Looks at the measured
// phase only. A pure function of the record.
#pragma once

#include "run/record.h"

namespace gauntlet::verdict {

// A gauge has to be ten times finer than the tolerance it checks (the 10:1 rule of metrology, also
// called test accuracy ratio): the generator's own lag may use a tenth of a response-time limit.
inline constexpr double kLagShareMax = 0.1;
// Below this a lag is scheduling noise of any shared machine, whatever the limit.
inline constexpr double kLagFloorMs = 1.0;
// Open loop: of the messages that came due the generator has to get to nearly all.
inline constexpr double kDispatchedShareMin = 0.99;
// Constant arrivals: how far the count of scheduled messages may be off.
inline constexpr double kScheduledOffMax = 0.01;
// Poisson arrivals: the same in standard deviations; by chance one run in 1.7 million is further.
inline constexpr double kScheduledSigmasMax = 5;
// A thread that computes this much of the time has no room left to be punctual.
inline constexpr double kBusiestThreadMax = 0.95;

// Fills the send lag, the rates, `trusted` and `reasons`, which are the generator's own state, and
// apart from them the shares of the cores and `machine_busy` (core_share.h). Takes over what only
// the machine can tell from record.self_check: cpu_busiest_thread, run_queue_delay_share, threads
// and steal_share. The last three are reported and not judged: what waiting for a core does to the
// load shows in the send lag and against the probe, and a shared machine waits often without harm.
run::SelfCheck assess(const run::Record& record);

// How late the generator may be at p99, for the plan's limits to be judged.
double allowed_lag_ms(const run::Plan& plan);

}  // namespace gauntlet::verdict
