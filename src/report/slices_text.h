// A long run hour by hour, or tenth by tenth, as a table. Plain functions.
#pragma once

#include <string>

#include "run/record.h"

namespace gauntlet::report {

// "" where the run is none that is told so (run/slices.h).
std::string slices_text(const run::Record& record);

}  // namespace gauntlet::report
