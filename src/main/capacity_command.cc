#include "main/capacity_run.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "verdict/capacity.h"

namespace gauntlet::main {

int capacity_command(const CapacityOptions& options, const std::vector<std::string>& argv) {
  const auto plan = make_capacity_plan(options);
  if (!plan) return complain(plan.error());
  CapacityRun run(*plan, options.run, argv);
  if (const auto searched = run.search(); !searched) return complain(searched.error());
  run.hold();
  const run::Record record = std::move(run).finish();
  record::Store store(options.run.results);
  return conclude(record, verdict::judge_capacity(record), options.run, store);
}

}  // namespace gauntlet::main
