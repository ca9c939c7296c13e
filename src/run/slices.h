// Slices: the measured phase of a long run cut into hours, or into tenths where it is planned to
// last less than ten hours: what each of them came to. Seconds and minutes (record/roll_up.h)
// belong to the slice in which they end. Plain functions of the record.
#pragma once

#include <optional>
#include <vector>

#include "run/record.h"

namespace gauntlet::run {

struct Slice {
  double start_s = 0, end_s = 0;  // since the load began
  double gap_s = 0;               // of it without Gauntlet
  double watched_s = 0;           // length of the seconds that end in it
  Counts counts;                  // of these
  stats::Histogram response;      // of the messages completed in it
  double pause_max_s = 0;
  std::optional<double> memory_mb;  // resident, at its end
  std::optional<std::uint64_t> descriptors, threads;
};

// Whether any test asks for something that is told slice by slice.
bool is_soak(const Plan& plan);

// How long a slice of this plan's measured phase is.
double slice_s(const Plan& plan);

// In order, as far as the run got; the last one may be shorter. Histograms that cannot be read
// count nothing.
std::vector<Slice> slices_of(const Record& record);

}  // namespace gauntlet::run
