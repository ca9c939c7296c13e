// AutoRate: the rate of a plan that says `rate = "auto"`: a share of the capacity that a search
// finds first, against the same target with the same clients. Main thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "main/run_options.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::main {

// Sets the plan's rate, and gives the search that it came from; nothing where an interrupt ended
// that. Of a target that does not even carry the lowest load it is the share of that.
// Errors: usage or unreachable.
core::Result<std::optional<run::Capacity>> choose_rate(run::Plan& plan, const RunOptions& options,
                                                       const std::vector<std::string>& argv);

}  // namespace gauntlet::main
