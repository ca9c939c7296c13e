// The scaling law of a climb in a terminal: a bar a level, with the law and its confidence band.
// Plain ASCII; pure.
#pragma once

#include <string>
#include <vector>

#include "run/record.h"

namespace gauntlet::report {

// "" where there is no law to show: it needs four levels of one pattern.
std::string scaling_text(const std::vector<run::LevelResult>& levels);

}  // namespace gauntlet::report
