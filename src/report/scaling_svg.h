// scaling.svg: the throughput of a climb's levels over their connections, with the scaling law and
// its 95 % confidence band. One panel a pattern (run/scaling_series.h). The law is solid as far as
// it was measured, dashed up to 1.5 times that, where the picture ends. Levels that the self-check
// does not vouch for are hollow. SVG 1.1 in one piece, light or dark as the reader prefers; each
// point carries its numbers as data- attributes and as a tooltip. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "run/record.h"

namespace gauntlet::report {

std::string scaling_svg(std::string_view title, const std::vector<run::LevelResult>& levels);

}  // namespace gauntlet::report
