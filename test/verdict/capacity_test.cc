// Searches for capacity: what a step says, what gave way first, and what the whole is worth.
#include "verdict/capacity.h"

#include <gtest/gtest.h>

#include "made_record.h"
#include "verdict/judge.h"

namespace gauntlet::verdict {
namespace {

using run::Outcome;
using Who = run::GaveWay::Who;

constexpr std::string_view kLimits[] = {"p95 < 50ms", "error_rate < 0.1%", "achieved >= 99%"};

run::Record step_record() {
  run::Record record = test::made_record();
  record.plan.suite = "capacity";
  record.plan.tests.clear();
  for (const auto limit : kLimits)
    record.plan.tests.push_back({.name = "slo_" + run::parse_limit(limit)->metric,
                                 .purpose = "",
                                 .limits = {*run::parse_limit(limit)},
                                 .fault = ""});
  return record;
}

run::Record slow_record() {
  run::Record record = step_record();
  record.phases[1].latencies.response.reset();
  record.phases[1].latencies.response.record_us(80'000, 3000);
  return record;
}

void distrust(run::Record& record) {
  record.self_check.trusted = false;
  record.self_check.reasons = {"send lag p95 was 9 ms"};
}

run::CapacityStep at(double load, Who who) {
  run::CapacityStep step;
  step.load = load;
  step.gave_way.who = who;
  if (who != Who::nobody) step.gave_way.reason = "because";
  return step;
}

run::Record searched(std::vector<run::CapacityStep> steps) {
  run::Record record = step_record();
  run::Capacity capacity;
  capacity.from = 100;
  capacity.to = 10'000;
  capacity.steps = std::move(steps);
  capacity.found = stats::Estimate{1000, 950, 1050};
  capacity.narrow = true;
  find_what_gave_way(capacity);
  record.capacity = std::move(capacity);
  return record;
}

run::TestResult only(const run::Record& record) {
  const auto verdict = judge_capacity(record);
  EXPECT_EQ(verdict.tests.size(), 1U);
  return verdict.tests.front();
}

TEST(CapacityStep, IsKeptWhereEveryLimitIs) {
  const auto step = capacity_step(step_record(), 100);
  EXPECT_TRUE(step.kept());
  EXPECT_EQ(step.load, 100);
  EXPECT_EQ(step.result.level.connections, 10U);
  EXPECT_EQ(step.result.achieved_per_s, 100);
}

TEST(CapacityStep, NamesTheLimitsThatWereMissed) {
  const auto step = capacity_step(slow_record(), 100);
  EXPECT_EQ(step.gave_way.who, Who::limits);
  EXPECT_EQ(step.gave_way.metrics, std::vector<std::string>{"p95"});
  EXPECT_EQ(step.gave_way.reason, "p95 80.1 ms, limit < 50 ms");
}

TEST(CapacityStep, AWarnIsBeyondTheLimitToo) {
  run::Record record = slow_record();
  record.plan.tests[0].limits = {*run::parse_limit("p95 < 50ms, warn < 100ms")};
  EXPECT_EQ(capacity_step(record, 100).gave_way.who, Who::limits);
}

TEST(CapacityStep, OfAnUntrustedGeneratorSaysNothing) {
  run::Record record = slow_record();
  distrust(record);
  const auto step = capacity_step(record, 100);
  EXPECT_EQ(step.gave_way.who, Who::generator);
  EXPECT_FALSE(step.tells());
  EXPECT_EQ(step.gave_way.reason, "send lag p95 was 9 ms");
}

TEST(CapacityStep, IsNeverKeptByAnUntrustedGenerator) {
  run::Record record = step_record();
  record.plan.tests.erase(record.plan.tests.begin());  // only what does not depend on speed…
  record.plan.tests.pop_back();                        // …which is judged all the same
  distrust(record);
  EXPECT_EQ(capacity_step(record, 100).gave_way.who, Who::generator);
}

TEST(CapacityStep, ErrorsThatTheGeneratorCannotHaveMadeCountAllTheSame) {
  run::Record record = step_record();
  record.phases[1].counts.completed -= 300;
  record.phases[1].counts.errors[static_cast<std::size_t>(run::ErrorClass::tool_error)] = 300;
  distrust(record);
  EXPECT_EQ(capacity_step(record, 100).gave_way.metrics, std::vector<std::string>{"error_rate"});
}

TEST(CapacityStep, OnABusyMachineTheTargetIsNotBlamed) {
  run::Record record = slow_record();
  record.self_check.machine_busy = "others used 90 %";
  EXPECT_EQ(capacity_step(record, 100).gave_way.who, Who::machine);
  run::Record fine = step_record();
  fine.self_check.machine_busy = "others used 90 %";
  EXPECT_TRUE(capacity_step(fine, 100).kept()) << "a busy machine makes nothing look better";
}

TEST(CapacityStep, WithoutOneMessageIsNotKept) {
  run::Record record = step_record();
  record.plan.tests.erase(record.plan.tests.begin() + 1, record.plan.tests.end());
  record.phases[1] = {};
  record.phases[1].counts.scheduled = 3000;
  EXPECT_EQ(capacity_step(record, 100).gave_way.reason, "no message was verified");
}

TEST(CapacityStep, IsLostWithItsTarget) {
  run::Record record = step_record();
  record.target_exited = true;
  record.target_exit = "killed by signal 9";
  EXPECT_EQ(capacity_step(record, 100).gave_way.who, Who::target);
}

TEST(Capacity, IsFoundWhereTheTargetGaveWay) {
  const auto result = only(searched({at(800, Who::nobody), at(1100, Who::limits)}));
  EXPECT_EQ(result.outcome, Outcome::pass);
  EXPECT_EQ(result.observed, "1,000/s (95 %: 950/s to 1,050/s)");
}

TEST(Capacity, IsAtLeastWhatWasCarriedWhereTheGeneratorGaveWay) {
  const auto record = searched({at(800, Who::nobody), at(1100, Who::generator)});
  const auto result = only(record);
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_EQ(result.observed, "at least 800/s");
  EXPECT_EQ(result.reason, "generator_saturated: at 1,100/s the generator was the limit: because");
  EXPECT_EQ(exit_code(judge_capacity(record), false, false), 4);
}

TEST(Capacity, WhatGaveWayFirstIsAtTheLowestLoadThatCounts) {
  const auto record = searched({at(300, Who::generator), at(1100, Who::limits),
                                at(2000, Who::generator), at(1000, Who::nobody)});
  EXPECT_EQ(record.capacity->gave_way.who, Who::limits) << "300 lies far below: a slip";
  EXPECT_EQ(record.capacity->gave_way_at, 1100);
  EXPECT_EQ(searched({at(300, Who::limits)}).capacity->gave_way_at, 300) << "there is no other";
}

TEST(Capacity, BelowTheLowestLoadIsAFail) {
  run::Record record = searched({at(100, Who::limits)});
  record.capacity->below_from = 0.97;
  const auto result = only(record);
  EXPECT_EQ(result.outcome, Outcome::fail);
  EXPECT_EQ(result.observed, "below 100/s");
  EXPECT_EQ(result.reason, "not even 100/s: at 100/s the target missed a limit: because");
}

TEST(Capacity, BelowTheLowestLoadForTheGeneratorIsNotTheTargetsFault) {
  run::Record record = searched({at(100, Who::generator)});
  record.capacity->below_from = 0.97;
  const auto result = only(record);
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_EQ(result.observed, "none");
}

TEST(Capacity, UpToTheHighestLoadIsALowerBoundThatPasses) {
  run::Record record = searched({at(10'000, Who::nobody)});
  record.capacity->found = stats::Estimate{10'000, 10'000, 10'000};
  record.capacity->above_to = 0.97;
  const auto result = only(record);
  EXPECT_EQ(result.outcome, Outcome::pass);
  EXPECT_EQ(result.observed, "at least 10,000/s");
}

TEST(Capacity, IsNotThereForATargetThatWasLost) {
  run::Record record = searched({at(800, Who::nobody), at(1100, Who::target)});
  auto verdict = judge_capacity(record);
  EXPECT_EQ(verdict.outcome, Outcome::fail);
  EXPECT_EQ(verdict.tests.back().name, "capacity.target_survives");
  record.capacity->lost = "gone";
  EXPECT_EQ(judge_capacity(record).tests.front().reason, "gone");
}

TEST(Capacity, AHoldThatMissesALimitFails) {
  run::Record record = slow_record();
  record.capacity = searched({at(800, Who::nobody), at(1100, Who::limits)}).capacity;
  record.capacity->hold = capacity_step(record, 900);
  const auto verdict = judge_capacity(record);
  ASSERT_EQ(verdict.tests.size(), 2U);
  EXPECT_EQ(verdict.tests[0].outcome, Outcome::pass);
  EXPECT_EQ(verdict.tests[1].outcome, Outcome::fail);
  EXPECT_EQ(verdict.tests[1].reason, "p95 80.1 ms, limit < 50 ms");
  EXPECT_EQ(verdict.outcome, Outcome::fail);
}

TEST(Capacity, AnInterruptedSearchIsInconclusiveAtBest) {
  run::Record record = searched({at(800, Who::nobody)});
  record.interrupted = true;
  EXPECT_EQ(only(record).outcome, Outcome::inconclusive);
  EXPECT_EQ(only(record).reason, "interrupted: after 1 steps");
}

TEST(Capacity, WithoutAStepThereIsNone) {
  run::Record record = searched({});
  record.capacity->found.reset();
  EXPECT_EQ(only(record).outcome, Outcome::inconclusive);
  EXPECT_EQ(only(record).observed, "none");
}

}  // namespace
}  // namespace gauntlet::verdict
