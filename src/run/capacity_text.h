// What a search for capacity came to, in words: the same in verdict, reports and progress lines.
// Pure functions of their arguments.
#pragma once

#include <string>
#include <string_view>

#include "run/record.h"

namespace gauntlet::run {

std::string_view to_string(GaveWay::Who who);  // "limits", "generator", …

std::string load_text(const Capacity& capacity, double load);  // "4,812/s", "150 connections"

// "4,812/s (95 %: 4,650/s to 5,020/s)", "at least 5,000/s", "below 100/s", or "none".
std::string found_text(const Capacity& capacity);

// "at 5,100/s the target missed p99 132 ms, limit < 100 ms", or "nothing up to 5,000/s".
std::string gave_way_text(const Capacity& capacity);

}  // namespace gauntlet::run
