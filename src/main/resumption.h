// Resumption: a run that Gauntlet did not live to end, and that goes on with the same target. Its
// plan is the stored one, and its options are those that it was begun with, but for where reports
// go and what is printed. Main thread only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "main/run_options.h"
#include "run/record.h"

namespace gauntlet::main {

struct Resumption {
  RunOptions options;
  std::filesystem::path folder;
  run::Record before;
  std::string how;  // that it ended: "died" or "interrupted"
};

// What `--resume` asks for. Usage errors: there is no such run, it is over, it is of a kind that
// cannot go on, or an option differs from what it was begun with.
core::Result<Resumption> find_resumption(const RunOptions& now,
                                         const std::vector<std::string>& argv);

// Seconds since 1970: the only clock that another process can go on with later.
double wall_clock_s();
// Seconds of load that a run has had, gaps left out.
double loaded_s(const run::Record& record);
// What is left of a plan after that time.
run::Plan remaining_plan(run::Plan plan, double loaded_s);
// The gap of a run that goes on `end_s` after its load began.
run::Gap gap_until(double end_s, const run::Record& before, const std::string& how);
// When anything was known of the run for the last time, since its load began.
double last_seen_s(const run::Record& record);

}  // namespace gauntlet::main
