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

core::Result<run::Record> run_level(run::Plan plan, const RunOptions& options,
                                    const std::vector<std::string>& argv) {
  RunSession session(std::move(plan), options, argv);
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
    if (levels_.size() == 1) started_at_ = record.run.started_at;
    duration_s_ += record.run.duration_s;
    interrupted_ = record.interrupted;
    if (record.plan.tests.empty()) return;
    append(verdict::judge(record).tests);
    last_ = std::move(record);
  }
  void leave_out(std::size_t i, run::Outcome outcome, const std::string& reason) {
    append(verdict::not_run(run::at_level(plan_, i), outcome, reason));
  }
  bool interrupted() const { return interrupted_; }

  Climbed finish() && {
    last_.plan.tests.clear();
    for (const auto& test : plan_.tests)
      if (test.level.empty()) last_.plan.tests.push_back(test);
    last_.levels = std::move(levels_);
    last_.run.started_at = started_at_;
    last_.run.duration_s = duration_s_;
    last_.interrupted = interrupted_;
    run::Verdict verdict = verdict::judge_climb(last_, std::move(tests_));
    return {std::move(last_), std::move(verdict)};
  }

 private:
  void append(std::vector<run::TestResult> tests) {
    std::ranges::move(tests, std::back_inserter(tests_));
  }

  const run::Plan& plan_;
  run::Record last_;
  std::vector<run::LevelResult> levels_;
  std::vector<run::TestResult> tests_;
  std::string started_at_;
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
                            const std::vector<std::string>& argv) {
  Climb climb(plan);
  std::string lost;
  for (std::size_t i = 0; i < plan.levels.size(); ++i) {
    if (climb.interrupted() || !lost.empty()) {
      const auto reason = lost.empty() ? "interrupted: before this level" : "no_samples: " + lost;
      climb.leave_out(i, run::Outcome::inconclusive, reason);
      continue;
    }
    announce(plan, i, options);
    auto record = run_level(run::at_level(plan, i), options, argv);
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

}  // namespace gauntlet::main
