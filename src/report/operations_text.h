// Operations in the terminal: a row for each entry of a mix, over the measured phase.
#pragma once

#include <string>

#include "run/record.h"

namespace gauntlet::report {

// "" where the mix has but one entry.
std::string operations_text(const run::Record& record);

}  // namespace gauntlet::report
