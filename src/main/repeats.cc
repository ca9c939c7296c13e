#include "main/repeats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/check.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "report/summary_json.h"
#include "report/summary_reader.h"

namespace gauntlet::main {
namespace {

// A FAIL outweighs what is INCONCLUSIVE, as among the tests of one run.
int worse_of(int a, int b) {
  for (const int code : {kExitFail, kExitInconclusive})
    if (a == code || b == code) return code;
  return std::max(a, b);
}

bool goes_on_after(int exit_code) {
  return exit_code == kExitOk || exit_code == kExitFail || exit_code == kExitInconclusive;
}

}  // namespace

core::Result<Repeats> Repeats::prepare(const RunOptions& options) {
  if (options.repeat < 1 || options.repeat > kRepeatMax)
    return core::usage_error(fmt::format("--repeat: from 1 to {}", kRepeatMax));
  const auto margins = chosen_margins(options.margins);
  if (!margins) return std::unexpected(margins.error());
  Repeats repeats;
  repeats.wanted_ = options.repeat;
  repeats.margins_ = *margins;
  if (options.baseline.empty()) return repeats;
  auto runs = report::read_runs(options.baseline);
  if (!runs) return core::usage_error("--baseline: " + runs.error().text);
  repeats.before_ = std::move(*runs);
  return repeats;
}

void Repeats::judge(const run::Record& record, run::Verdict& verdict) {
  ++done_;
  if (before_.empty()) return;
  // By way of the summary, so that a run is compared as it would be by its files.
  auto run = report::read_summary(report::summary_json(record, verdict, 0));
  GAUNTLET_CHECK(run);
  after_.push_back(std::move(*run));
  if (done_ == wanted_) verdict::add_test(verdict, against_baseline(record.plan.suite));
}

run::TestResult Repeats::against_baseline(const std::string& suite) const {
  const auto compared = verdict::compare(before_, after_, margins_);
  if (compared) return verdict::regression_test(*compared, suite);
  run::ComparedRuns none;
  none.before = before_.size();
  none.after = after_.size();
  none.notes.push_back(compared.error().text);
  return verdict::regression_test(none, suite);
}

int run_command(const RunOptions& options, const std::vector<std::string>& argv) {
  if (!options.resume.empty()) return resume_command(options, argv);
  auto repeats = Repeats::prepare(options);
  if (!repeats) return complain(repeats.error());
  RunOptions each = options;
  each.seed = chosen_seed(options);  // the same for all
  each.repeats = &*repeats;
  int worst = kExitOk;
  for (std::uint32_t i = 1; i <= options.repeat; ++i) {
    if (options.repeat > 1) fmt::print("\nrun {} of {}\n", i, options.repeat);
    std::fflush(stdout);
    const int exit_code = run_once(each, argv);
    if (!goes_on_after(exit_code)) return exit_code;
    worst = worse_of(worst, exit_code);
  }
  return worst;
}

}  // namespace gauntlet::main
