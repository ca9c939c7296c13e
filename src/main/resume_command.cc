#include <fmt/format.h>

#include "core/quantity.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "main/last_words.h"
#include "main/resumption.h"
#include "main/run_session.h"
#include "main/stage.h"
#include "verdict/judge.h"
#include "verdict/self_check.h"

namespace gauntlet::main {
namespace {

// Within the time that it was to wait, our own server is a target that ended.
int conclude_without_server(Resumption& resumption, record::Store& store) {
  run::Record& record = resumption.before;
  const double away_s = wall_clock_s() - record.run.load_began_s - last_seen_s(record);
  const core::Nanos patience = record.plan.load.keep_server;
  const auto waited = core::format_duration(patience);
  if (away_s >= core::to_seconds(patience))
    return complain({core::ErrorKind::usage,
                     fmt::format("--resume: our own server waited {} for it and left; `gauntlet "
                                 "report {}` makes the reports of what there is",
                                 waited, record.run.id)});
  record.interrupted = true;  // nor can it go on
  record.target_exited = true;
  record.target_exit =
      fmt::format("gone within {:.0f} s without Gauntlet, and was to wait {}", away_s, waited);
  record.self_check = verdict::assess(record);
  return conclude(record, verdict::judge(record), resumption.options, store, kExitFail);
}

}  // namespace

int resume_command(const RunOptions& options, const std::vector<std::string>& argv) {
  auto found = find_resumption(options, argv);
  if (!found) return complain(found.error());
  run::Record& before = found->before;
  const auto stage = Stage::prepare(before.plan, found->options, before.run.id);
  if (!stage) return complain(stage.error());
  record::Store& store = (*stage)->store();
  if (const auto opened = store.go_on(before); !opened) return complain(opened.error());
  std::optional<OwnServer> server;
  if (before.target.own_server) {
    auto again = OwnServer::find_again(before.target, (*stage)->folder());
    if (!again && again.error().kind == core::ErrorKind::unreachable)
      return conclude_without_server(*found, store);
    if (!again) return complain(again.error());
    server.emplace(std::move(*again));
  }
  if (!found->options.quiet) (*stage)->open_screen();
  const run::Plan plan = before.plan;
  const auto begun_with = before.run.argv;
  RunSession session(plan, found->options, begun_with, **stage, {.store = &store});
  session.go_on(std::move(before), found->how, std::move(server));
  if (const auto met = session.meet_target(); !met) return complain(met.error());
  if (const auto open = session.open_connections(); !open) return complain(open.error());
  session.drive();
  const run::Record record = session.finish();
  const run::Verdict verdict = verdict::judge(record);
  const int exit_code = conclude(record, verdict, found->options, store);
  tell_page((*stage)->metrics(), record, verdict, found->options);
  return exit_code;
}

}  // namespace gauntlet::main
