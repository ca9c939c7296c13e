// What a run prints where it prints lines: one a second while it lasts, and the verdict table at
// its end. Plain functions.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "run/plan.h"
#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::report {

// Colour is wanted on a terminal, unless NO_COLOR is set (https://no-color.org) or TERM is dumb.
bool wants_color(std::FILE* out);

// "steady 12/30 s  4,998/s of 5,000/s  p50 1.2 p95 2.1 p99 3.4 ms  0 errors  150/150 ready"
std::string status_text(const run::Plan& plan, const run::Second& latest,
                        std::span<const std::string> active_faults);

bool is_terminal(std::FILE* out);

// The table of tests and checks, then what the run was and where its files lie.
std::string verdict_text(const run::Record& record, const run::Verdict& verdict,
                         std::string_view report_path, bool color);

}  // namespace gauntlet::report
