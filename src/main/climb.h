// climb: runs a suite level by level, each a run of its own against its own server or the same
// target, and judges all of them together.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "main/interrupt.h"
#include "main/run_options.h"
#include "main/stage.h"
#include "run/plan.h"
#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::main {

struct Climbed {
  run::Record record;  // of the last judged level that ran, with `levels` and `level_records`
  run::Verdict verdict;
};

// Errors: usage, or unreachable where not even the first level got a connection. A later level
// that gets none fails, and ends the climb; so does an interruption, between two levels too.
core::Result<Climbed> climb(const run::Plan& plan, const RunOptions& options,
                            const std::vector<std::string>& argv, Stage& stage,
                            const Interrupt& interrupt);

// The same from what a store held of a climb that died: `levels` are the first ones of the plan, at
// least one of them.
Climbed climbed_so_far(const run::Plan& plan, std::vector<run::Record> levels);

}  // namespace gauntlet::main
