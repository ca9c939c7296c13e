// Measured: the measured phase of a record as far as the run got, and the rates in it.
// Rates count events in the second they happened, so a backlog that is worked off after the phase
// does not count as throughput of the phase. A second on the edge of the phase counts by the part
// of it that lies inside. Plain functions of the record.
#pragma once

#include "run/record.h"

namespace gauntlet::run {

struct Measured {
  double start_s = 0;     // since the load began
  double end_s = 0;       // = start_s where the run never got there
  bool complete = false;  // the phase ran its whole length
  double scheduled_per_s = 0;
  double achieved_per_s = 0;

  double length_s() const { return end_s - start_s; }
};

Measured measure(const Record& record);

// What the schedule asked for: the plan's rate, or in a closed loop what came due.
double offered_per_s(const Record& record);

// Totals of the measured phase; empty ones where the run never got there.
const PhaseTotals& measured_totals(const Record& record);

}  // namespace gauntlet::run
