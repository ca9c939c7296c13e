// Faults in a terminal: how each went, level by level, with a curve of goodput over the phases and
// what became of the answers. Pure.
#pragma once

#include <string>

#include "run/record.h"

namespace gauntlet::report {

// "" for a run without faults.
std::string faults_text(const run::Record& record);

}  // namespace gauntlet::report
