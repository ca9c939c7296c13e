// What `gauntlet compare` and `gauntlet history` print. Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "run/comparable.h"
#include "run/comparison.h"

namespace gauntlet::report {

// A table of the metrics, what was noted, and the verdict: "worse", "same", …
std::string comparison_text(const run::ComparedRuns& comparison, bool color);

// A line a run, the oldest first, then for each suite how its figures went: a sparkline of
// throughput, p50, p95 and p99, from the lowest of them to the highest.
std::string history_text(std::span<const run::Comparable> runs);

}  // namespace gauntlet::report
