// The probe check: do the load and the probe client (load/probe_client.h) see the same target?
//
// Held against each other are service times, from the actual send to the answer: before it, a
// message may wait for its turn on its client's own connection, which is a matter of the pattern,
// and what the generator is late is checked as its send lag. After it, the load's thread comes to
// an answer when it has dealt with those before it; the probe's thread has none before it. So where
// the load's quantile lies above the probe's, that much of it is the generator's own queue. Where
// even the load's response time, which is what is judged, lies below the probe's service time, the
// load does not see what a client sees: so in a closed loop, whose clients are all silent while the
// target stalls.
//
// Two quantiles disagree where their 99 % confidence bounds are further apart than the generator
// may be wrong: a tenth of the limit on that quantile, as for its lag, and never less than 1 ms;
// p99 also a tenth of the time-out. A probe that is above is forgiven, beside that, twice its own
// send lag at that quantile: as late as its thread wakes to send, it wakes to receive. Calls of one
// burst share their fate and count as one sample. With few samples the bounds are wide, or there is
// none, and nothing is said.
//
// Only what is comparable is compared: where a client's bursts overlap each other (more than one
// under way in the mean, at that quantile), a probe of a slower pace has less in front of it, and a
// load above it proves nothing.
// Private to verdict/; pure functions.
#pragma once

#include <map>
#include <string>

#include "run/record.h"

namespace gauntlet::verdict {

inline constexpr double kProbeConfidence = 0.99;
// A probe with at least this share of the pace of the load's connections has their queues.
inline constexpr double kProbePaceShareMin = 0.5;

// Fills check.probe or check.probe_unjudged, and appends a reason for each disagreement.
// `allowed_ms`: of each quantile by its name, "p99" among them.
void check_probe(const run::Record& record, const std::map<std::string, double>& allowed_ms,
                 run::SelfCheck& check);

}  // namespace gauntlet::verdict
