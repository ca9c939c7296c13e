#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "main/climb.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "main/report_options.h"
#include "main/run_folder.h"
#include "record/store.h"
#include "report/files.h"
#include "report/terminal.h"
#include "verdict/fault_windows.h"
#include "verdict/judge.h"
#include "verdict/self_check.h"

namespace gauntlet::main {
namespace {

namespace fs = std::filesystem;

// What the end of the run would have made of its record.
core::Result<void> judge_died(record::StoredRun& run) {
  run::Record& record = run.record;
  for (auto* each : run.record.level_records.empty() ? std::vector{&record}
                                                     : std::vector{&record.level_records.back()}) {
    each->attribute_outages();
    verdict::analyse_faults(*each);
    each->self_check = verdict::assess(*each);
  }
  const auto levels = record.plan.levels.size();
  if (levels == 0) {
    run.verdict = verdict::judge(record);
  } else {
    if (record.level_records.empty() || record.level_records.size() > levels)
      return core::usage_error("the store holds none of the levels of its plan");
    const run::Plan plan = record.plan;
    Climbed climbed = climbed_so_far(plan, std::move(record.level_records));
    record = std::move(climbed.record);
    run.verdict = std::move(climbed.verdict);
  }
  run.exit_code = verdict::exit_code(run.verdict, false, record.interrupted);
  return {};
}

}  // namespace

void declare_report_options(CLI::App& app, ReportOptions& options) {
  app.add_option("run", options.run, "the id of a run, or its folder")->required();
  app.add_option("--results", options.results, "folder of the runs; default: results");
}

int report_command(const ReportOptions& options) {
  const auto folder = find_run_folder(options.run, options.results);
  if (!folder) return complain(folder.error());
  auto run = record::read_store(*folder / record::kStoreName);
  if (!run) return complain(run.error());
  if (!run->finished)
    if (const auto judged = judge_died(*run); !judged) return complain(judged.error());
  const auto written = report::write_reports(*folder, run->record, run->verdict, run->exit_code);
  fmt::print("{}", report::verdict_text(run->record, run->verdict, folder->string(),
                                        report::wants_color(stdout)));
  if (!written) return complain(written.error());
  return run->exit_code;
}

}  // namespace gauntlet::main
