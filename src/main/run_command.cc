#include <fmt/format.h>

#include <cstdio>

#include "main/auto_rate.h"
#include "main/climb.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "main/github.h"
#include "main/interrupt.h"
#include "main/io_option.h"
#include "main/last_words.h"
#include "main/repeats.h"
#include "main/run_session.h"
#include "main/stage.h"
#include "report/files.h"
#include "report/terminal.h"
#include "verdict/judge.h"

namespace gauntlet::main {

int conclude(const run::Record& record, run::Verdict verdict, const RunOptions& options,
             record::Store& store, std::optional<int> told_exit_code) {
  const int exit_code =
      told_exit_code.value_or(verdict::exit_code(verdict, options.strict, record.interrupted));
  const auto stored = store.finish(record, verdict, exit_code);
  const auto folder = report::write_results(options.results, record, verdict, exit_code);
  fmt::print("{}", report::verdict_text(record, verdict, folder ? folder->string() : "",
                                        report::wants_color(stdout)));
  tell_github(record, verdict, exit_code, folder ? folder->string() : "");
  if (!stored) return complain(stored.error());
  if (!folder) return complain(folder.error());
  return exit_code;
}

namespace {

int end(const run::Record& record, run::Verdict verdict, const RunOptions& options, Stage& stage) {
  if (options.repeats != nullptr) options.repeats->judge(record, verdict);
  const int exit_code = conclude(record, verdict, options, stage.store());
  const bool more = options.repeats != nullptr && options.repeats->more();
  tell_page(stage.metrics(), record, verdict, options, more);
  return exit_code;
}

}  // namespace

int run_once(const RunOptions& options, const std::vector<std::string>& argv) {
  if (const auto io = chosen_io(options.io); !io) return complain(io.error());
  auto plan = make_plan(options);
  if (!plan) return complain(plan.error());
  std::optional<run::Capacity> capacity;
  if (plan->load.capacity_share > 0) {
    auto chosen = choose_rate(*plan, options, argv);
    if (!chosen) return complain(chosen.error());
    if (!*chosen) return kExitInterrupted;
    capacity = std::move(*chosen);
  }
  const auto stage = Stage::prepare(*plan, options);
  if (!stage) return complain(stage.error());
  if (!options.quiet) (*stage)->open_screen();
  if (!plan->levels.empty()) {
    const Interrupt interrupt;
    const auto climbed = climb(*plan, options, argv, **stage, interrupt);
    return climbed ? end(climbed->record, climbed->verdict, options, **stage)
                   : complain(climbed.error());
  }
  RunSession session(std::move(*plan), options, argv, **stage, {.store = &(*stage)->store()});
  session.chose_rate(std::move(capacity));
  if (const auto met = session.meet_target(); !met) return complain(met.error());
  if (const auto open = session.open_connections(); !open) return complain(open.error());
  session.drive();
  const run::Record record = session.finish();
  return end(record, verdict::judge(record), options, **stage);
}

}  // namespace gauntlet::main
