// Metrics of a fault on a record made by hand: what each of them says, and when it says nothing.
#include <gtest/gtest.h>

#include "verdict/fault_windows.h"
#include "verdict/judge.h"
#include "verdict/made_record.h"

namespace gauntlet::verdict {
namespace {

using run::Outcome;
using test::ask;
using test::kFaultAt;
using test::made_record;

// A run with the fault at 38 s, of which four seconds are damaged.
run::Record damaged(int seconds = 4) {
  auto record = made_record();
  for (auto& second : record.seconds) {
    if (second.t <= kFaultAt || second.t > kFaultAt + seconds) continue;
    second.counts.completed = 60;
    second.counts.errors[0] = 40;
    second.first_signal_s = second.t - 0.5;
  }
  record.faults[0].end_s = kFaultAt + 2;
  return record;
}

run::CheckResult check(run::Record record, const char* limit) {
  ask(record, "asked", {limit}, "cut");
  return judge(record).tests.back().checks.at(0);
}

Outcome outcome(const run::Record& record, const char* limit) {
  return check(record, limit).outcome;
}

TEST(FaultMetric, EachHasItsValue) {
  const auto record = damaged();
  EXPECT_EQ(check(record, "detection < 1s").observed, "0.49 s") << "of the first signal";
  EXPECT_EQ(check(record, "depth < 50%").observed, "40 %");
  EXPECT_EQ(check(record, "throughput_lost < 50%").observed, "40 %");
  EXPECT_EQ(check(record, "peak_error_rate < 50%").observed, "40 %");
  EXPECT_EQ(check(record, "fault_error_rate < 50%").observed, "40 %");
  EXPECT_EQ(check(record, "amplification <= 1.5").observed, "1");
  EXPECT_EQ(check(record, "relapses <= 0").observed, "0");
  EXPECT_EQ(check(record, "recovery < 10s").observed, "3.99 s");
  EXPECT_EQ(check(record, "healed < 10s").observed, "2 s");
  EXPECT_EQ(check(record, "residual_p50 <= 5%").observed, "0 %");
  EXPECT_EQ(check(record, "residual_goodput <= 5%").observed, "0 %");
}

TEST(FaultMetric, IsNotJudgedWithoutAFaultThatBelongsToIt) {
  auto record = damaged();
  record.faults.emplace_back();
  record.faults.back().id = "beside";
  record.faults.back().skipped = "no lab";
  record.faults.back().start_s = kFaultAt + 1;
  record.faults.back().end_s = kFaultAt + 5;
  EXPECT_EQ(outcome(record, "recovery < 10s"), Outcome::skipped);
  record.faults.back().start_s = kFaultAt + 10;
  record.faults.back().end_s = kFaultAt + 12;
  EXPECT_EQ(outcome(record, "recovery < 10s"), Outcome::pass);
}

TEST(FaultMetric, EachCanFail) {
  const auto record = damaged();
  for (const auto* limit :
       {"detection < 400ms", "depth < 39%", "throughput_lost < 39%", "peak_error_rate < 39%",
        "fault_error_rate < 39%", "amplification < 1", "recovery < 3s", "healed < 1s"})
    EXPECT_EQ(outcome(record, limit), Outcome::fail) << limit;
}

TEST(FaultMetric, WithoutEvidenceNothingIsSaid) {
  auto record = damaged();
  record.faults[0].has_evidence = false;
  for (const auto& metric : run::metrics()) {
    if (!run::speaks_of_fault(metric.kind)) continue;
    const auto limit = metric.name + (metric.unit == run::Unit::seconds        ? " < 1000s"
                                      : metric.unit == run::Unit::milliseconds ? " < 1000s"
                                                                               : " >= 0");
    const auto result = check(record, limit.c_str());
    EXPECT_EQ(result.outcome, Outcome::inconclusive) << metric.name;
    EXPECT_TRUE(result.reason.starts_with("no_evidence")) << result.reason;
  }
}

TEST(FaultMetric, WhatATargetWasNotGivenIsSkipped) {
  auto record = damaged();
  record.faults.clear();
  record.note_skipped_faults();
  const auto result = check(record, "recovery < 10s");
  EXPECT_EQ(result.outcome, Outcome::skipped);
  EXPECT_NE(result.reason.find("disconnect"), std::string::npos);
}

TEST(FaultMetric, NeverIsAFailureAndNoTime) {
  const auto record = damaged(30);
  for (const auto* limit : {"recovery < 1000s", "healed < 1000s", "residual_p50 <= 1000%"}) {
    const auto result = check(record, limit);
    EXPECT_EQ(result.outcome, Outcome::fail) << limit;
    EXPECT_EQ(result.observed, "never") << limit;
  }
}

// As in a climb: the level's limit on p99 is a part of what recovered means, and the tests that are
// judged over all levels have none.
TEST(FaultMetric, IsWhatWasAnalysedWithTheTestsOfItsOwnRun) {
  auto record = damaged();
  for (auto& second : record.seconds)
    if (second.t > kFaultAt) second.response_p99_ms = 50;
  EXPECT_EQ(check(record, "recovery < 10s").observed, "never") << "50 ms are no 2 ms";
  ask(record, "level", {"p99 <= 95ms"});
  analyse_faults(record);
  record.plan.tests.clear();
  EXPECT_EQ(check(record, "recovery < 10s").observed, "3.99 s");
}

TEST(FaultMetric, LessLoadThatEndsAFailureShowsThatItWasMetastable) {
  auto record = damaged(30);
  record.plan.phases[2].duration = 12 * core::kSecond;
  record.plan.phases.push_back({"half", 13 * core::kSecond, false, "", 0.5});
  for (auto& second : record.seconds) {
    if (second.t <= 47) continue;
    second.phase = 3;
    second.counts.scheduled = second.counts.completed = 50;
    second.counts.errors = {};
  }
  const auto result = check(record, "recovery < 1000s");
  EXPECT_EQ(result.outcome, Outcome::fail);
  EXPECT_TRUE(result.reason.starts_with("metastable")) << result.reason;
}

TEST(FaultMetric, TheWorstOccurrenceCounts) {
  auto record = damaged(1);
  record.plan.faults[0].times = 2;
  record.faults.push_back(record.faults[0]);
  record.faults[1].occurrence = 1;
  record.faults[1].start_s = record.faults[1].end_s = kFaultAt + 10.01;
  record.faults[1].last_reconnect_s = kFaultAt + 10.2;
  record.faults[0].end_s = record.faults[0].start_s;
  for (auto& second : record.seconds)
    if (second.t > kFaultAt + 10 && second.t <= kFaultAt + 12) second.counts.completed = 10;
  EXPECT_EQ(check(record, "depth < 50%").observed, "90 %");
  EXPECT_EQ(check(record, "recovery < 10s").observed, "1.99 s");
  record.faults[0].has_evidence = false;
  EXPECT_EQ(outcome(record, "depth < 95%"), Outcome::inconclusive) << "each has to be evident";
  record.faults.erase(record.faults.begin());
  EXPECT_EQ(outcome(record, "depth < 95%"), Outcome::inconclusive) << "one of two happened";
}

TEST(FaultMetric, AttemptsAreCountedFromTheFaultOn) {
  auto record = damaged();
  for (auto& second : record.seconds) second.counts.retries = second.t > kFaultAt ? 100 : 0;
  EXPECT_EQ(check(record, "amplification <= 1.5").observed, "2");
  EXPECT_EQ(outcome(record, "amplification <= 1.5"), Outcome::fail);
}

TEST(FaultMetric, VictimsTellWhenTheyWereBack) {
  auto record = damaged();
  EXPECT_EQ(outcome(record, "reconnect_max < 1s"), Outcome::inconclusive) << "nobody is known";
  for (std::uint32_t i = 0; i < 10; ++i) record.faults[0].clients.push_back({i, 0.1 * (i + 1)});
  EXPECT_EQ(check(record, "reconnect_p50 < 1s").observed, "0.5 s");
  EXPECT_EQ(check(record, "reconnect_max < 2s").observed, "1 s");
  record.faults[0].clients[3].back_after_s.reset();
  EXPECT_EQ(outcome(record, "reconnect_max < 1000s"), Outcome::fail);
  EXPECT_EQ(outcome(record, "reconnect_p50 < 1s"), Outcome::pass);
  EXPECT_EQ(check(record, "recovery < 10s").observed, "never") << "one is still away";
}

TEST(FaultMetric, OthersAreComparedWithThemselves) {
  auto record = damaged();
  EXPECT_EQ(outcome(record, "untargeted_goodput >= 95%"), Outcome::inconclusive);
  record.faults[0].untargeted = run::Untargeted{5, 94, 100};
  EXPECT_EQ(outcome(record, "untargeted_goodput >= 95%"), Outcome::fail);
  record.faults[0].untargeted->completed_per_s = 96;
  EXPECT_EQ(outcome(record, "untargeted_goodput >= 95%"), Outcome::pass);
}

TEST(FaultMetric, AResidualIsJudgedByItsInterval) {
  auto record = damaged();
  for (auto& second : record.seconds)
    if (second.t > kFaultAt) second.response_p50_ms = 2.2;
  EXPECT_EQ(check(record, "residual_p50 <= 5%").observed, "10 %");
  EXPECT_EQ(outcome(record, "residual_p50 <= 5%"), Outcome::fail);
  for (auto& second : record.seconds)
    if (second.t > kFaultAt) second.response_p50_ms = static_cast<int>(second.t) % 5 < 3 ? 2 : 2.3;
  const auto unsure = check(record, "residual_p50 <= 5%");
  EXPECT_EQ(unsure.outcome, Outcome::inconclusive);
  EXPECT_TRUE(unsure.reason.starts_with("uncertain")) << unsure.reason;
}

TEST(FaultMetric, MessagesHitAreThoseBeyondTheUsual) {
  auto record = damaged();
  EXPECT_EQ(outcome(record, "excess_p99 < 100ms"), Outcome::inconclusive) << "nobody was hit";
  auto& phase = record.phases[2];
  phase.latencies.response.record_us(52'000, 2000);
  phase.counts.scheduled += 2010;
  phase.counts.completed += 2000;
  phase.counts.errors[0] = 10;
  EXPECT_EQ(check(record, "excess_p99 < 100ms").observed, "50 ms");
  EXPECT_EQ(outcome(record, "excess_p99 < 40ms"), Outcome::fail);
  EXPECT_EQ(check(record, "unrecovered < 1%").observed, "0.498 %");
  EXPECT_EQ(outcome(record, "unrecovered < 0.4%"), Outcome::fail);
}

TEST(FaultMetric, WhatComesOnTopIsOneFault) {
  auto record = damaged();
  auto other = record.faults[0];
  other.id = "other";
  other.start_s = kFaultAt + 2.5;
  other.end_s = kFaultAt + 4;
  record.faults.push_back(other);
  const auto analysis = analyse_fault(record, record.faults[0]);
  EXPECT_DOUBLE_EQ(analysis.end_s, kFaultAt + 4);
  EXPECT_EQ(analysis.recovery.status, stats::RecoveryStatus::recovered);
}

TEST(FaultMetric, TheTargetsSideMayNoticeFirst) {
  auto record = damaged();
  record.faults[0].noticed_s = record.faults[0].start_s + 0.1;
  record.faults[0].noticed_by = "restart";
  const auto analysis = analyse_fault(record, record.faults[0]);
  EXPECT_NEAR(*analysis.detected_s, 0.1, 1e-9);
  EXPECT_EQ(analysis.detected_by, "restart");
}

}  // namespace
}  // namespace gauntlet::verdict
