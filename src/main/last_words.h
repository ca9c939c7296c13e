// LastWords: what the live page hears when a run is over: the report itself, with its verdicts.
#pragma once

#include "main/run_options.h"
#include "record/metrics_server.h"
#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::main {

// After conclude(). `live` may be null; `more_runs`: the same command makes others.
void tell_page(record::MetricsServer* live, const run::Record& record, const run::Verdict& verdict,
               const RunOptions& options, bool more_runs = false);

}  // namespace gauntlet::main
