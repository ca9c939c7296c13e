// The parts of a suite, one reader each; private to run/suite.cc.
// Each fills its part of the plan and reports what is wrong through the table's TomlProblems.
#pragma once

#include <string_view>

#include "run/plan.h"
#include "run/toml_table.h"

namespace gauntlet::run {

inline constexpr std::string_view kNameRule =
    "a name has 1 to 64 of the characters a-z, A-Z, 0-9, `_`, `-` and `.`, no `.` at its start";
bool is_name(std::string_view text);

void read_load(TomlTable& top, Plan& plan);
void read_levels(TomlTable& top, Plan& plan);
void read_mix(TomlTable& top, Plan& plan);
void read_phases(TomlTable& top, Plan& plan);  // after read_levels
void read_faults(TomlTable& top, Plan& plan);  // after read_phases
void read_tests(TomlTable& top, Plan& plan);   // after read_faults

}  // namespace gauntlet::run
