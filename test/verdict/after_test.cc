// What phases say about a fault, and what all levels say when their faults are over.
#include <gtest/gtest.h>

#include "verdict/fault_windows.h"
#include "verdict/judge.h"
#include "verdict/made_record.h"

namespace gauntlet::verdict {
namespace {

using run::Outcome;
using test::ask;
using test::made_record;

run::CheckResult check(run::Record record, const char* limit, const char* tool = "") {
  ask(record, "asked", {limit}, "cut");
  record.plan.tests.back().tool = tool;
  return judge(record).tests.back().checks.at(0);
}

// The record with a phase after that of the fault, of which the last ten seconds are.
run::Record with_end() {
  auto record = made_record();
  record.plan.phases.push_back({"end", 10 * core::kSecond, false});
  record.plan.phases[2].duration = 15 * core::kSecond;
  record.phases.push_back(test::made_totals(1000));
  record.phase_start_s.push_back(50);
  for (auto& second : record.seconds)
    if (second.t > 50) second.phase = 3;
  return record;
}

TEST(FaultPhase, SaysHowManyClientsAndCallsOfAToolWereHit) {
  auto record = made_record();
  record.plan.load.mix = {{.tool = "echo"}, {.tool = "slow"}};
  record.phases[2].clients_hit = 3;
  record.phases[2].operations = {{.scheduled = 200, .completed = 198, .errors = 2},
                                 {.scheduled = 50, .completed = 0, .errors = 50}};
  EXPECT_EQ(check(record, "clients_hit < 15%").observed, "30 %");
  EXPECT_EQ(check(record, "clients_hit < 15%").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "tool_error_rate < 2%", "echo").observed, "1 %");
  EXPECT_EQ(check(record, "tool_error_rate < 2%", "slow").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "tool_error_rate < 2%", "none").outcome, Outcome::inconclusive);
}

TEST(FaultPhase, TheLastOneIsComparedWithTheMeasuredOne) {
  auto record = with_end();
  EXPECT_EQ(check(record, "final_goodput >= 90%").observed, "100 %");
  EXPECT_EQ(check(record, "final_error_rate < 0.2%").observed, "0 %");
  for (auto& second : record.seconds)
    if (second.phase == 3) second.counts.completed = 80;
  record.phases[3].counts.errors[0] = 200;
  EXPECT_EQ(check(record, "final_goodput >= 90%").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "final_error_rate < 0.2%").observed, "20 %");
  EXPECT_EQ(check(made_record(), "final_goodput >= 90%").outcome, Outcome::inconclusive)
      << "the fault's own phase is the last";
}

TEST(FaultGroup, TheOthersAreThoseOfOtherGroups) {
  auto record = made_record();
  record.faults[0].only_group = 1;
  record.faults[0].end_s = test::kFaultAt + 5;
  for (auto& second : record.seconds) {
    second.group_completed = {25, 25, 25, 25};
    if (second.t > test::kFaultAt) second.group_completed = {24, 0, 24, 24};
  }
  analyse_faults(record);
  ASSERT_TRUE(record.faults[0].untargeted);
  EXPECT_EQ(record.faults[0].untargeted->clients, 7U) << "of ten, 1, 5 and 9 are in it";
  EXPECT_NEAR(record.faults[0].untargeted->completed_per_s, 72, 0.1);
  EXPECT_NEAR(record.faults[0].untargeted->baseline_per_s, 75, 0.1);
  EXPECT_EQ(check(record, "untargeted_goodput >= 95%").outcome, Outcome::pass);
  EXPECT_EQ(check(record, "untargeted_goodput >= 97%").outcome, Outcome::fail);
}

run::TestResult of_levels(const std::vector<run::Record>& records, std::string_view limit) {
  run::Record all = records.back();
  for (const auto& record : records) {
    all.levels.emplace_back();
    all.levels.back().level.name = record.run.id;
    all.level_records.push_back(record);
    ask(all.level_records.back(), "own", {"p99 <= 1s"});
  }
  all.plan.tests = {
      {.name = "all", .purpose = "", .limits = {*run::parse_limit(limit)}, .fault = ""}};
  return judge_climb(all, {}).tests.front();
}

// p50 in the last phase, in ms; and by how much it differs from second to second.
run::Record level(std::string name, double p50_ms, double jitter_ms = 0.001) {
  auto record = with_end();
  record.run.id = std::move(name);
  int i = 0;
  for (auto& second : record.seconds) {
    second.response_p50_ms = second.phase == 3 ? p50_ms : 2;
    second.response_p50_ms += jitter_ms * (i++ % 3 - 1);
  }
  record.faults[0].evidence = {{"left_behind", "nothing"}};
  return record;
}

TEST(AfterLevels, TheWorstOneIsJudged) {
  const std::vector<run::Record> good = {level("a", 2.02), level("b", 2.04)};
  EXPECT_EQ(of_levels(good, "residual_p50_worst <= 5%").outcome, Outcome::pass);
  EXPECT_EQ(of_levels(good, "residual_goodput_worst <= 5%").outcome, Outcome::pass);
  const std::vector<run::Record> bad = {level("a", 2.5), level("b", 2.04)};
  const auto result = of_levels(bad, "residual_p50_worst <= 5%");
  EXPECT_EQ(result.outcome, Outcome::fail);
  EXPECT_NE(result.observed.find("25 %"), std::string::npos) << result.observed;
  const std::vector<run::Record> noisy = {level("a", 2.08, 0.5)};
  EXPECT_EQ(of_levels(noisy, "residual_p50_worst <= 5%").outcome, Outcome::inconclusive);
}

TEST(AfterLevels, ABusyMachineOrGeneratorIsNoFailure) {
  auto busy = level("a", 2.5);
  busy.self_check.machine_busy = "others";
  EXPECT_EQ(of_levels({busy, level("b", 2)}, "residual_p50_worst <= 5%").outcome,
            Outcome::inconclusive);
}

TEST(AfterLevels, LevelsWithoutFaultsSayNothing) {
  auto calm = level("calm", 9);
  calm.plan.faults.clear();
  EXPECT_EQ(of_levels({calm, level("b", 2)}, "residual_p50_worst <= 5%").outcome, Outcome::pass);
  EXPECT_EQ(of_levels({calm}, "residual_p50_worst <= 5%").outcome, Outcome::inconclusive);
}

TEST(AfterLevels, WhatIsLeftBehindIsCountedAndNamed) {
  auto unclean = level("a", 2);
  EXPECT_EQ(of_levels({unclean}, "left_behind <= 0").outcome, Outcome::pass);
  unclean.faults[0].evidence = {{"left_behind", "process 7 is still stopped"}};
  const auto result = of_levels({unclean}, "left_behind <= 0");
  EXPECT_EQ(result.outcome, Outcome::fail);
  EXPECT_NE(result.evidence.find("still stopped"), std::string::npos) << result.evidence;
  unclean.faults[0].evidence.clear();
  EXPECT_EQ(of_levels({unclean}, "left_behind <= 0").outcome, Outcome::inconclusive);
}

}  // namespace
}  // namespace gauntlet::verdict
