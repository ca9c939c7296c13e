// Suites that climb: what all levels together are judged by.
#include <gtest/gtest.h>

#include "made_record.h"
#include "verdict/judge.h"

namespace gauntlet::verdict {
namespace {

using run::Outcome;

run::LevelResult level(std::string name, double achieved_per_s, std::uint64_t errors = 0) {
  run::LevelResult result;
  result.level.name = std::move(name);
  result.judged = true;
  result.trusted = true;
  result.achieved_per_s = achieved_per_s;
  result.scheduled = 10'000;
  result.errors = errors;
  return result;
}

run::Record climbed(std::vector<run::LevelResult> levels, std::string_view limit) {
  run::Record record = test::made_record();
  record.levels = std::move(levels);
  record.plan.tests = {
      {.name = "all", .purpose = "", .limits = {*run::parse_limit(limit)}, .fault = ""}};
  return record;
}

run::TestResult only(const run::Verdict& verdict) {
  EXPECT_EQ(verdict.tests.size(), 1U);
  return verdict.tests.front();
}

TEST(Climb, GainIsFromTheFirstJudgedLevelToTheLast) {
  auto flat_out = level("flat_out", 1e6);
  flat_out.judged = false;
  const std::vector<run::LevelResult> levels = {level("low", 100), level("high", 9100), flat_out};
  const auto result = only(judge_climb(climbed(levels, "throughput_gain >= 90"), {}));
  EXPECT_EQ(result.outcome, Outcome::pass);
  EXPECT_EQ(result.observed, "throughput_gain 91");
  EXPECT_EQ(only(judge_climb(climbed(levels, "throughput_gain >= 92"), {})).outcome, Outcome::fail);
}

TEST(Climb, GainOverALevelThatIsNotTrustedIsInconclusive) {
  auto low = level("low", 100);
  low.trusted = false;
  const auto result =
      only(judge_climb(climbed({low, level("high", 9100)}, "throughput_gain >= 90"), {}));
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_EQ(result.reason, "generator_saturated: at low already");
}

TEST(Climb, TheWorstErrorRateCounts) {
  const std::vector<run::LevelResult> levels = {level("low", 100, 5), level("mid", 500, 20),
                                                level("high", 900, 1)};
  const auto result = only(judge_climb(climbed(levels, "error_rate_worst < 0.1%"), {}));
  EXPECT_EQ(result.outcome, Outcome::fail);
  EXPECT_EQ(result.evidence, "mid: 20 errors of 10,000 messages scheduled");
  EXPECT_EQ(only(judge_climb(climbed(levels, "error_rate_worst < 0.3%"), {})).outcome,
            Outcome::pass);
}

TEST(Climb, ErrorsThatMayBeTheGeneratorsAreNoFailure) {
  auto mid = level("mid", 500, 20);
  mid.trusted = false;
  const auto result = only(judge_climb(climbed({mid}, "error_rate_worst < 0.1%"), {}));
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_EQ(result.reason, "generator_saturated: at mid");
}

TEST(Climb, NothingMeasuredIsNoPass) {
  for (const char* limit : {"throughput_gain >= 0", "error_rate_worst < 1%"})
    EXPECT_EQ(only(judge_climb(climbed({}, limit), {})).outcome, Outcome::inconclusive) << limit;
}

TEST(Climb, IsAsBadAsItsWorstLevel) {
  const run::Record record =
      climbed({level("low", 100), level("high", 900)}, "throughput_gain >= 9");
  run::Plan high = record.plan;
  const auto lost = not_run(high, Outcome::fail, "connection refused");
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].name, "made.all");
  EXPECT_EQ(lost[0].reason, "connection refused");
  const auto verdict = judge_climb(record, lost);
  EXPECT_EQ(verdict.tests.size(), 2U);
  EXPECT_EQ(verdict.outcome, Outcome::fail);
  EXPECT_EQ(judge_climb(record, {}).outcome, Outcome::pass);
}

}  // namespace
}  // namespace gauntlet::verdict
