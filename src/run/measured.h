// Measured: the measured phase of a record as far as the run got, and the rates in it.
// Rates count events in the second they happened, so a backlog that is worked off after the phase
// does not count as throughput of the phase. A second on the edge of the phase counts by the part
// of it that lies inside. Plain functions of the record.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/record.h"
#include "stats/scaling.h"

namespace gauntlet::run {

struct Measured {
  double start_s = 0;     // since the load began
  double end_s = 0;       // = start_s where the run never got there
  double gap_s = 0;       // of it without Gauntlet
  bool complete = false;  // the phase ran its whole length
  double scheduled_per_s = 0;
  double achieved_per_s = 0;

  double length_s() const { return end_s - start_s - gap_s; }
};

Measured measure(const Record& record);

// What the schedule asked for: the plan's rate, or in a closed loop what came due.
double offered_per_s(const Record& record);

// Messages sent per gathered write in the measured phase; 0 where nothing was written.
double messages_per_write(const Record& record);

// Whether the levels are scenarios of their own, each with its own faults, and no climb: no law of
// scaling runs through them.
bool are_scenarios(const Record& record);

// Over what a climbing suite ran, "http,2026-07-28": the same suite has other figures over another
// transport or revision, and reports keep them apart. "" for other runs.
std::string variant(const Record& record);
// The suite's name with its variant: "scale[http,2026-07-28]".
std::string suite_title(const Record& record);

// What was achieved, of what this machine carries of the same pattern; nothing without a floor.
std::optional<double> floor_share(const Record& record);

// The largest of the target's proportional memory (PSS) in the measured phase, where it was
// sampled.
std::optional<double> proportional_peak_mb(const Record& record);

// What the record of one level's run came to. `judged` and the level are the caller's to say.
LevelResult level_result(const Record& record);

// The bursts that levels have, each once, in their order; and what a pattern is called: "single
// calls", "bursts of 16".
std::vector<std::uint32_t> bursts_of(const std::vector<LevelResult>& levels);
std::string pattern_name(std::uint32_t burst);

// The scaling law through the judged levels' throughput; nothing where there are too few.
std::optional<stats::ScalingFit> scaling_of(const std::vector<LevelResult>& levels);

// Totals of the measured phase; empty ones where the run never got there.
const PhaseTotals& measured_totals(const Record& record);

}  // namespace gauntlet::run
