#include "main/capacity_run.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "main/last_words.h"
#include "verdict/capacity.h"

namespace gauntlet::main {

int capacity_command(const CapacityOptions& options, const std::vector<std::string>& argv) {
  const auto plan = make_capacity_plan(options);
  if (!plan) return complain(plan.error());
  CapacityRun run(*plan, options.run, argv);
  if (const auto searched = run.search(); !searched) return complain(searched.error());
  run.hold();
  auto* const live = run.metrics();
  const run::Record record = std::move(run).finish();
  record::Store store(options.run.results);
  const auto verdict = verdict::judge_capacity(record);
  const int exit_code = conclude(record, verdict, options.run, store);
  tell_page(live, record, verdict, options.run);
  return exit_code;
}

}  // namespace gauntlet::main
