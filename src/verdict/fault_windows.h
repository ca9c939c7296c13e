// What the seconds of a record say about one occurrence of a fault, by stats/recovery.h and
// stats/impact.h on windows of one second each.
//
// Baseline: seconds of unchanged load before the first fault of the run, at most 30, from the
// measured phase on where that comes before it. Faults that begin before an earlier one had room to
// be recovered from (five seconds after its end) are one with it: recovered means from all of them.
// What comes after belongs to it up to the next fault, or the end of the load.
// Pure functions.
#pragma once

#include "run/fault_analysis.h"
#include "run/record.h"

namespace gauntlet::verdict {

// What response times are compared with at least: a change of less than this is none to a client.
inline constexpr double kResidualResolutionMs = 1;

run::FaultAnalysis analyse_fault(const run::Record& record, const run::FaultRecord& fault);

// Gives every fault that is evident its analysis, for the report.
void analyse_faults(run::Record& record);

}  // namespace gauntlet::verdict
