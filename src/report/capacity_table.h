// The steps of a search for capacity, as lines: one as each step ends, and all of them at the end.
// Plain functions of their arguments.
#pragma once

#include <string>

#include "run/record.h"

namespace gauntlet::report {

std::string capacity_head(const run::Capacity& capacity);  // the columns' titles
std::string capacity_row(const run::Capacity& capacity, const run::CapacityStep& step);

// The steps in order of their load, then what was found, held, and gave way first.
std::string capacity_table(const run::Capacity& capacity);

}  // namespace gauntlet::report
