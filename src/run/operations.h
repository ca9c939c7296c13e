// Operations: what the entries of a mix came to in the measured phase, each by itself. Plain
// functions of the record.
#pragma once

#include <string>
#include <vector>

#include "run/record.h"

namespace gauntlet::run {

struct OperationTotals {
  std::string name;  // "echo", "tools/list"; of the last kept one, "cpu and 3 more"
  OperationCounts counts;
  stats::Histogram response;  // of the messages completed in the phase
};

// As LoadPlan::mix, up to kOperationsKept. None where the mix has but one entry: the phase's own
// totals tell of it. Histograms that cannot be read count nothing.
std::vector<OperationTotals> operations_of(const Record& record);

}  // namespace gauntlet::run
