#include "report/comparison_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::report {
namespace {

using run::Compared;
using run::Standing;
using testing::HasSubstr;
using testing::Not;

run::ComparedRuns made_comparison() {
  run::ComparedRuns comparison{
      .standing = Standing::worse, .before = 6, .after = 5, .by_rank = true};
  comparison.metrics = {{.metric = Compared::p50,
                         .before = 10,
                         .after = 10.6,
                         .change = stats::Estimate{1.06, 1.04, 1.08},
                         .margin = 0.03,
                         .standing = Standing::worse},
                        {.metric = Compared::error_rate,
                         .change = stats::Estimate{0.0002, -0.0001, 0.002},
                         .margin = 0.001,
                         .standing = Standing::unknown,
                         .reason = "the interval reaches over the margin",
                         .more_runs = 7}};
  comparison.notes = {"run-3 is left out: not trusted"};
  return comparison;
}

TEST(ComparisonText, HasEachMetricWithItsIntervalAndMargin) {
  const auto text = comparison_text(made_comparison(), false);
  EXPECT_THAT(text, HasSubstr("+6.0 % (+4.0 to +8.0)"));
  EXPECT_THAT(text, HasSubstr("3 %  worse"));
  EXPECT_THAT(text, HasSubstr("+0.020 points (-0.010 to +0.200)"));
  EXPECT_THAT(text, HasSubstr("7 more of each may tell"));
  EXPECT_THAT(text, HasSubstr("6 before, 5 after; a run is a sample"));
  EXPECT_THAT(text, HasSubstr("note: run-3 is left out"));
  EXPECT_TRUE(text.ends_with("\nworse\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(comparison_text(made_comparison(), true), HasSubstr("\x1b[31mworse"));
}

TEST(ComparisonText, SaysWhereSecondsAreTheSamples) {
  auto comparison = made_comparison();
  comparison.by_rank = false;
  EXPECT_THAT(comparison_text(comparison, false), HasSubstr("by their seconds"));
}

TEST(ComparisonText, OfRunsThatDoNotCount) {
  EXPECT_THAT(comparison_text({}, false), HasSubstr("not enough data"));
}

run::Comparable listed(const char* title, double rate, double p50) {
  return {.id = "the-run",
          .title = title,
          .started_at = "2026-11-23T20:21:41Z",
          .verdict = "PASS",
          .achieved_per_s = rate,
          .scheduled = 1'000,
          .errors = 1,
          .response_ms = {p50, 2 * p50, 3 * p50}};
}

TEST(HistoryText, ListsRunsAndDrawsSuitesThatRanTwice) {
  auto doubtful = listed("scale", 100, 9);
  doubtful.doubt = "machine busy: others";
  const std::vector<run::Comparable> runs = {listed("baseline", 5'000, 1), doubtful,
                                             listed("baseline", 4'000, 2)};
  const auto text = history_text(runs);
  EXPECT_THAT(text, HasSubstr("5,000/s         1         2         3"));
  EXPECT_THAT(text, HasSubstr("0.1 %  the-run\n"));
  EXPECT_THAT(text, HasSubstr("(machine busy: others)"));
  EXPECT_THAT(text, HasSubstr("baseline, 2 runs\n  throughput  █▁  4,000/s to 5,000/s\n"
                              "  p50         ▁█  1 ms to 2 ms\n"));
  EXPECT_THAT(text, Not(HasSubstr("scale, 1")));
}

}  // namespace
}  // namespace gauntlet::report
