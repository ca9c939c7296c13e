// The commands of the program, one small file each; each returns the program's exit code.
// main.cc parses the command line and calls exactly one of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "main/capacity_options.h"
#include "main/compare_options.h"
#include "main/fault_options.h"
#include "main/floor.h"
#include "main/proxy_options.h"
#include "main/report_options.h"
#include "main/run_options.h"
#include "main/serve_options.h"
#include "record/store.h"
#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::main {

int run_command(const RunOptions& options, const std::vector<std::string>& argv);
int run_once(const RunOptions& options, const std::vector<std::string>& argv);  // of the repeats
int resume_command(const RunOptions& options, const std::vector<std::string>& argv);
int capacity_command(const CapacityOptions& options, const std::vector<std::string>& argv);
int serve_command(const ServeOptions& options);
int floor_command(const FloorOptions& options);
int fault_command(const FaultOptions& options);
int proxy_command(const ProxyOptions& options);
int report_command(const ReportOptions& options);
int compare_command(const CompareOptions& options);
int history_command(const HistoryOptions& options);
int list_command();
int show_command(const std::string& name);

// Ends the store, writes the reports, prints the verdict and gives its exit code: the end of every
// run. `exit_code`: another than the verdict's.
int conclude(const run::Record& record, run::Verdict verdict, const RunOptions& options,
             record::Store& store, std::optional<int> exit_code = {});

}  // namespace gauntlet::main
