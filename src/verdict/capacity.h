// Judgement of a search for capacity: what one of its steps says, what gave way first, and what the
// whole is worth. Pure functions of their arguments.
//
// A load is carried where every limit is a PASS and the generator can be trusted. Where it cannot,
// or where another program had the target's cores, the step says nothing about the target.
#pragma once

#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::verdict {

// What the record of a step at `load` came to. The record has to be assessed (self_check.h).
run::CapacityStep capacity_step(const run::Record& record, double load);

// Fills gave_way and gave_way_at: of the steps that were not carried, the lowest one at or above
// the interval's lower end; those below it were slips, unless there are no others.
void find_what_gave_way(run::Capacity& capacity);

// `record` is that of the hold, or of the last step, with `capacity`. Tests:
//   found            PASS where a capacity was found, or all up to `to` was carried; FAIL where not
//                    even `from` was; INCONCLUSIVE where the generator or the machine gave way
//                    first: then the capacity is at least what was carried
//   hold             whether the load was carried for longer; only where there was something to
//   hold target_survives  FAIL, only where the target ended or could not be reached at a step
run::Verdict judge_capacity(const run::Record& record);

}  // namespace gauntlet::verdict
