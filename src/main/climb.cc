#include "main/climb.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "core/quantity.h"
#include "main/run_session.h"
#include "run/measured.h"
#include "verdict/judge.h"

namespace gauntlet::main {
namespace {

const std::string kBefore = "interrupted: before this level";

core::Result<run::Record> run_level(run::Plan plan, const RunOptions& options,
                                    const std::vector<std::string>& argv, Stage& stage,
                                    const Keeping& keeping) {
  RunSession session(std::move(plan), options, argv, stage, keeping);
  if (const auto met = session.meet_target(); !met) return std::unexpected(met.error());
  if (const auto open = session.open_connections(); !open) return std::unexpected(open.error());
  session.drive();
  return session.finish();
}

class Climb {
 public:
  explicit Climb(const run::Plan& plan) : plan_(plan) {}

  void add(std::size_t i, run::Record record) {
    run::LevelResult result = run::level_result(record);
    result.level = plan_.levels[i];
    result.judged = !record.plan.tests.empty();
    levels_.push_back(std::move(result));
    duration_s_ += record.run.duration_s;
    if (!record.plan.tests.empty()) {
      append(verdict::judge(record).tests);
      last_judged_ = records_.size();
    }
    records_.push_back(std::move(record));
  }
  void leave_out(std::size_t i, run::Outcome outcome, const std::string& reason) {
    append(verdict::not_run(run::at_level(plan_, i), outcome, reason));
  }
  void interrupt() { interrupted_ = true; }

  Climbed finish() && {
    run::Record all = records_.at(last_judged_);
    all.plan.tests.clear();
    for (const auto& test : plan_.tests)
      if (test.level.empty()) all.plan.tests.push_back(test);
    all.levels = std::move(levels_);
    all.run.started_at = records_.front().run.started_at;
    all.run.duration_s = duration_s_;
    all.interrupted = interrupted_ || records_.back().interrupted;
    all.died = records_.back().died;
    all.level_records = std::move(records_);
    run::Verdict verdict = verdict::judge_climb(all, std::move(tests_));
    return {std::move(all), std::move(verdict)};
  }

 private:
  void append(std::vector<run::TestResult> tests) {
    std::ranges::move(tests, std::back_inserter(tests_));
  }

  const run::Plan& plan_;
  std::vector<run::Record> records_;
  std::size_t last_judged_ = 0;  // the first one, where none is
  std::vector<run::LevelResult> levels_;
  std::vector<run::TestResult> tests_;
  double duration_s_ = 0;
  bool interrupted_ = false;
};

void announce(const run::Plan& plan, std::size_t i, const RunOptions& options) {
  if (options.quiet) return;
  const run::Level& level = plan.levels[i];
  fmt::print("\nlevel {} of {}: {}, {} in {}\n", i + 1, plan.levels.size(), level.name,
             level.rate > 0 ? core::format_rate(level.rate) : "as fast as answers come",
             run::pattern_name(level.burst));
}

}  // namespace

core::Result<Climbed> climb(const run::Plan& plan, const RunOptions& options,
                            const std::vector<std::string>& argv, Stage& stage,
                            const Interrupt& interrupt) {
  Climb climb(plan);
  std::string lost;
  for (std::size_t i = 0; i < plan.levels.size(); ++i) {
    const bool interrupted = i > 0 && interrupt.requested();
    if (interrupted) climb.interrupt();
    if (interrupted || !lost.empty()) {
      const auto reason = lost.empty() ? kBefore : "no_samples: " + lost;
      climb.leave_out(i, run::Outcome::inconclusive, reason);
      continue;
    }
    announce(plan, i, options);
    auto record = run_level(run::at_level(plan, i), options, argv, stage,
                            {&stage.store(), static_cast<std::int64_t>(i) + 1, &plan});
    if (!record && i == 0) return std::unexpected(record.error());
    if (record) {
      climb.add(i, std::move(*record));
    } else {
      lost = record.error().text;
      climb.leave_out(i, run::Outcome::fail, lost);
    }
  }
  return std::move(climb).finish();
}

Climbed climbed_so_far(const run::Plan& plan, std::vector<run::Record> levels) {
  Climb climb(plan);
  const std::size_t reached = levels.size();
  for (std::size_t i = 0; i < reached; ++i) climb.add(i, std::move(levels[i]));
  for (std::size_t i = reached; i < plan.levels.size(); ++i)
    climb.leave_out(i, run::Outcome::inconclusive, kBefore);
  return std::move(climb).finish();
}

}  // namespace gauntlet::main
