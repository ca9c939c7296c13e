#include "verdict/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/simulated_runs.h"

namespace gauntlet::verdict {
namespace {

using run::Comparable;
using run::Compared;
using run::Standing;
using testing::HasSubstr;

run::ComparedRuns compared(const std::vector<Comparable>& before,
                           const std::vector<Comparable>& after, const Margins& margins = {}) {
  const auto comparison = compare(before, after, margins);
  EXPECT_TRUE(comparison) << comparison.error().text;
  return *comparison;
}

const run::ComparedMetric& metric_of(const run::ComparedRuns& comparison, Compared metric) {
  return comparison.metrics.at(static_cast<std::size_t>(metric));
}

TEST(Compare, TwoRunsOfTheSameServerAreTheSame) {
  int same = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    same += compared(simulated_runs(seed, 1, 1), simulated_runs(seed + 100, 1, 1)).standing ==
                    Standing::same
                ? 1
                : 0;
  EXPECT_GE(same, 18);
}

TEST(Compare, FivePercentSlowerIsWorseWithEnoughRuns) {
  int worse = 0, same = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto before = simulated_runs(seed, 20, 1);
    worse +=
        compared(before, simulated_runs(seed + 50, 20, 1.05)).standing == Standing::worse ? 1 : 0;
    same += compared(before, simulated_runs(seed + 90, 20, 1)).standing == Standing::same ? 1 : 0;
  }
  EXPECT_GE(worse, 18);
  EXPECT_GE(same, 18);
}

TEST(Compare, FasterIsBetterAndSlowerIsWorse) {
  EXPECT_EQ(compared({simulated_run(1)}, {simulated_run(2, 0.5)}).standing, Standing::better);
  EXPECT_EQ(compared({simulated_run(1)}, {simulated_run(2, 2)}).standing, Standing::worse);
  auto less = simulated_run(2);
  for (auto& second : less.seconds) second.completed = 500;
  EXPECT_EQ(compared({simulated_run(1)}, {less}).standing, Standing::worse);
  EXPECT_EQ(metric_of(compared({less}, {simulated_run(1)}), Compared::throughput).standing,
            Standing::better);
}

TEST(Compare, ErrorsAreComparedByPoints) {
  auto wrong = simulated_run(2);
  for (auto& second : wrong.seconds) second.errors = 10;
  const auto comparison = compared({simulated_run(1)}, {wrong});
  const auto& errors = metric_of(comparison, Compared::error_rate);
  EXPECT_EQ(errors.standing, Standing::worse);
  EXPECT_NEAR(errors.change->value, 0.01, 1e-9);
  EXPECT_EQ(run::change_text(errors).substr(0, 13), "+1.000 points");
}

TEST(Compare, TooFewMessagesTellNothingOfErrors) {
  auto few = simulated_run(1);
  few.scheduled = 1'000;
  const auto comparison = compared({few}, {simulated_run(2)});
  EXPECT_EQ(metric_of(comparison, Compared::error_rate).standing, Standing::unknown);
  EXPECT_EQ(comparison.standing, Standing::unknown);
}

// The interval reaches 10 % either way, and 3 % matter: about six times as many of the six runs.
TEST(Compare, SaysHowManyMoreRunsItTakes) {
  std::vector<Comparable> runs;
  for (const double level : {0.95, 0.97, 0.99, 1.01, 1.03, 1.05})
    runs.push_back(simulated_run(1, level));
  const auto six = compared(runs, runs);
  EXPECT_TRUE(six.by_rank);
  const auto& p50 = metric_of(six, Compared::p50);
  ASSERT_EQ(p50.standing, Standing::unknown);
  ASSERT_TRUE(p50.more_runs);
  EXPECT_GT(*p50.more_runs, 12U);
  EXPECT_LT(*p50.more_runs, 120U);
  const auto two = compared({runs[0], runs[5]}, {runs[1], runs[4]});
  EXPECT_FALSE(two.by_rank);
  ASSERT_EQ(metric_of(two, Compared::p50).standing, Standing::unknown);
  EXPECT_EQ(metric_of(two, Compared::p50).more_runs, 3U) << "five of each make a rank test";
}

TEST(Compare, WhatTheGeneratorAddedIsNotTheTargets) {
  auto late = simulated_run(2, 1.1);
  late.lag_ms.p50 = 1.2;
  EXPECT_EQ(
      metric_of(compared({simulated_run(1)}, {simulated_run(2, 1.1)}), Compared::p50).standing,
      Standing::worse);
  EXPECT_EQ(metric_of(compared({simulated_run(1)}, {late}), Compared::p50).standing,
            Standing::unknown);
}

TEST(Compare, RunsThatAreNoEvidenceAreLeftOut) {
  auto doubtful = simulated_run(2, 3);
  doubtful.doubt = "not trusted: late";
  const auto with = compared({simulated_run(1)}, {simulated_run(3), doubtful});
  EXPECT_EQ(with.after, 1U);
  EXPECT_EQ(with.standing, Standing::same);
  EXPECT_THAT(with.notes.at(0), HasSubstr("not trusted: late"));
  const auto none = compared({simulated_run(1)}, {doubtful});
  EXPECT_EQ(none.standing, Standing::unknown);
  EXPECT_TRUE(none.metrics.empty());
}

TEST(Compare, AnotherLoadIsNotCompared) {
  auto other = simulated_run(2);
  other.load[1].second = "20";
  const auto refused = compare({{simulated_run(1)}}, {{other}}, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("run-1 has connections 10, run-2 has 20"));
  other = simulated_run(2);
  other.surroundings[0].second = "64";
  EXPECT_THAT(compared({simulated_run(1)}, {other}).notes.at(0),
              HasSubstr("cores differs: 2 and 64"));
}

TEST(Margins, AreSetByNameOrForAllButErrors) {
  Margins margins;
  EXPECT_LT(margins.of(Compared::p50, true), margins.of(Compared::p50, false));
  EXPECT_TRUE(margins.set("5%"));
  EXPECT_EQ(margins.of(Compared::p50, true), 0.05);
  EXPECT_EQ(margins.of(Compared::p99, true), 0.05);
  EXPECT_EQ(margins.of(Compared::error_rate, true), 0.001);
  EXPECT_EQ(margins.of(Compared::p50, false), 0.05);
  EXPECT_TRUE(margins.set("error_rate=0.5%"));
  EXPECT_EQ(margins.of(Compared::error_rate, true), 0.005);
  EXPECT_FALSE(margins.set("p98=5%"));
  EXPECT_FALSE(margins.set("0%"));
  EXPECT_FALSE(margins.set("100%"));
  EXPECT_FALSE(margins.set("p50=x"));
  EXPECT_FALSE(margins.set(""));
}

TEST(Margins, ALargerOneMakesAChangeNotMatter) {
  Margins margins;
  EXPECT_TRUE(margins.set("30%"));
  EXPECT_EQ(compared({simulated_run(1)}, {simulated_run(2, 1.1)}, margins).standing,
            Standing::same);
}

TEST(RegressionTest, IsAsBadAsTheComparison) {
  const auto worse = regression_test(compared({simulated_run(1)}, {simulated_run(2, 2)}), "adhoc");
  EXPECT_EQ(worse.name, "adhoc.no_regression");
  EXPECT_EQ(worse.outcome, run::Outcome::fail);
  EXPECT_EQ(worse.checks.size(), run::kCompared.size());
  EXPECT_EQ(regression_test(compared({simulated_run(1)}, {simulated_run(2)}), "adhoc").outcome,
            run::Outcome::pass);
  const auto unknown = regression_test({}, "adhoc");
  EXPECT_EQ(unknown.outcome, run::Outcome::inconclusive);
  EXPECT_FALSE(unknown.checks.empty());
  run::Verdict verdict{.outcome = run::Outcome::pass, .tests = {}};
  add_test(verdict, worse);
  EXPECT_EQ(verdict.outcome, run::Outcome::fail);
  EXPECT_EQ(verdict.tests.size(), 1U);
}

}  // namespace
}  // namespace gauntlet::verdict
