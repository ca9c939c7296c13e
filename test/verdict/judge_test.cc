#include "verdict/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/made_record.h"

namespace gauntlet::verdict {
namespace {

using run::Outcome;
using test::ask;
using test::made_record;
using testing::HasSubstr;
using testing::StartsWith;

// The verdict on a single limit.
run::CheckResult check(run::Record record, const char* limit, const char* fault = "") {
  ask(record, "it", {limit}, fault);
  return judge(record).tests.front().checks.front();
}

void distrust(run::Record& record) {
  record.self_check.trusted = false;
  record.self_check.reasons = {"send lag p99 was 40 ms"};
}

void set_error(run::Record& record, run::ErrorClass error, std::uint64_t count) {
  auto& counts = record.phases[1].counts;
  counts.errors[static_cast<std::size_t>(error)] = count;
  counts.completed -= count;
}

struct Zone {
  const char* limit;
  Outcome outcome;
  const char* observed;
};

class Zones : public testing::TestWithParam<Zone> {};

TEST_P(Zones, DecideTheVerdict) {
  const auto result = check(made_record(), GetParam().limit);
  EXPECT_EQ(result.outcome, GetParam().outcome) << result.reason;
  EXPECT_EQ(result.observed, GetParam().observed);
  EXPECT_EQ(result.reason, "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, Zones,
    testing::Values(
        Zone{"connections >= 10", Outcome::pass, "10"},
        Zone{"connections > 10", Outcome::fail, "10"},
        Zone{"connections >= 11, warn >= 9", Outcome::warn, "10"},
        Zone{"throughput >= 100/s", Outcome::pass, "100 msg/s"},
        Zone{"throughput >= 110/s, warn >= 100/s", Outcome::warn, "100 msg/s"},
        Zone{"throughput >= 120/s, warn >= 110/s", Outcome::fail, "100 msg/s"},
        Zone{"throughput <= 99/s", Outcome::fail, "100 msg/s"},
        Zone{"achieved >= 99%", Outcome::pass, "100 %"}, Zone{"p95 <= 2ms", Outcome::pass, "2 ms"},
        Zone{"p95 < 2ms", Outcome::fail, "2 ms"},
        Zone{"p95 <= 1ms, warn <= 3ms", Outcome::warn, "2 ms"},
        Zone{"max <= 3ms", Outcome::pass, "2 ms"}, Zone{"mean < 1ms", Outcome::fail, "2 ms"},
        Zone{"service_p50 <= 1.9ms", Outcome::pass, "1.9 ms"},
        Zone{"error_rate < 0.1%", Outcome::pass, "0 %"}, Zone{"errors <= 0", Outcome::pass, "0"},
        Zone{"spread_p > 0.001", Outcome::pass, "1"},
        Zone{"spread_max_mean <= 1.2", Outcome::pass, "1"},
        Zone{"memory_peak < 500MB", Outcome::pass, "40 MB"},
        Zone{"memory_peak < 30MB", Outcome::fail, "40 MB"},
        Zone{"memory_growth < 100MB", Outcome::pass, "0 MB per 5 min"}));

class WithoutSamples : public testing::TestWithParam<const char*> {};

TEST_P(WithoutSamples, IsInconclusiveAndNeverAPass) {
  run::Record record;
  record.plan = test::made_plan();
  record.phases.resize(3);
  record.phase_start_s = {0, 5, 35};
  record.clients.resize(10);
  record.memory = {{1.0, 5.0}};  // before the measured phase
  for (const bool with_seconds : {false, true}) {
    if (with_seconds) {
      for (int end = 1; end <= 60; ++end) {
        record.seconds.emplace_back();
        record.seconds.back().t = end;
      }
    }
    const auto result = check(record, GetParam());
    const bool seen = with_seconds && result.observed != "none";
    if (seen) {
      EXPECT_EQ(result.outcome, Outcome::fail) << "a real zero fails a lower limit";
    } else {
      EXPECT_EQ(result.outcome, Outcome::inconclusive);
      EXPECT_THAT(result.reason, StartsWith("no_samples: "));
      EXPECT_EQ(result.observed, "none");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Every, WithoutSamples,
    testing::Values("connections >= 1", "throughput >= 1/s", "throughput <= 1/s", "achieved >= 0",
                    "p50 <= 1s", "p999 <= 1s", "max <= 1s", "mean <= 1s", "service_p99 <= 1s",
                    "error_rate <= 100%", "errors <= 9", "errors_timeout <= 9", "spread_p > 0.001",
                    "spread_max_mean <= 2", "memory_peak < 1GB", "memory_growth < 1GB"));

TEST(ErrorRate, CountsEveryClassAgainstScheduled) {
  auto record = made_record();
  set_error(record, run::ErrorClass::jsonrpc, 6);
  set_error(record, run::ErrorClass::indeterminate, 9);
  EXPECT_EQ(check(record, "error_rate < 0.5%").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "error_rate < 0.5%").observed, "0.5 %");
  EXPECT_EQ(check(record, "error_rate < 0.1%, warn <= 1%").outcome, Outcome::warn);
  EXPECT_EQ(check(record, "errors_jsonrpc <= 5").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "errors_integrity <= 0").outcome, Outcome::pass);
  ask(record, "it", {"error_rate < 1%"});
  EXPECT_EQ(judge(record).tests[0].evidence,
            "15 errors of 3,000 messages scheduled: 6 jsonrpc, 9 indeterminate");
}

class Untrusted : public testing::TestWithParam<const char*> {};

TEST_P(Untrusted, LatencyRateAndRecoveryAreInconclusiveWhateverTheySay) {
  auto record = made_record();
  distrust(record);
  const auto result = check(record, GetParam(), "cut");
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_EQ(result.reason, "generator_saturated: send lag p99 was 40 ms");
  EXPECT_NE(result.observed, "none") << "what was seen is still shown";
}

INSTANTIATE_TEST_SUITE_P(Every, Untrusted,
                         testing::Values("p95 <= 10ms", "p95 <= 1ms", "p95 <= 1ms, warn <= 3ms",
                                         "mean <= 1ms", "service_p99 <= 1ms", "throughput >= 50/s",
                                         "throughput >= 200/s", "achieved >= 90%", "recovery < 10s",
                                         "recovery < 10ms"));

TEST(UntrustedErrors, AreJudgedAsFarAsTheGeneratorCannotHaveMadeThem) {
  auto record = made_record();
  distrust(record);
  EXPECT_EQ(check(record, "error_rate < 1%").outcome, Outcome::pass);
  set_error(record, run::ErrorClass::timeout, 60);
  const auto doubtful = check(record, "error_rate < 1%");
  EXPECT_EQ(doubtful.outcome, Outcome::inconclusive);
  EXPECT_EQ(doubtful.reason,
            "generator_saturated: 60 of the errors may be its own (send lag p99 was 40 ms)");
  EXPECT_EQ(check(record, "errors_timeout <= 5").outcome, Outcome::inconclusive);
  EXPECT_EQ(check(record, "errors_unsent <= 5").outcome, Outcome::pass);
  set_error(record, run::ErrorClass::tool_error, 60);
  EXPECT_EQ(check(record, "error_rate < 1%").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "errors_tool_error <= 5").outcome, Outcome::fail);
}

TEST(UntrustedErrors, WhatAFaultCutOffMayHaveBeenTheGeneratorsToFinishBefore) {
  auto record = made_record();
  set_error(record, run::ErrorClass::indeterminate, 60);
  EXPECT_EQ(check(record, "error_rate < 1%").outcome, Outcome::fail) << "a trusted run is in time";
  distrust(record);
  EXPECT_EQ(check(record, "error_rate < 1%").outcome, Outcome::inconclusive);
  record.faults.clear();
  EXPECT_EQ(check(record, "error_rate < 1%").outcome, Outcome::fail);
}

TEST(Untrusted, WhoIsNotBackMayHaveWaitedForTheGenerator) {
  auto record = made_record();
  distrust(record);
  ask(record, "back", {"reconnected >= 100%"}, "cut");
  EXPECT_EQ(judge(record).outcome, Outcome::pass) << "who is back is back";
  record.faults[0].reconnected = 4;
  EXPECT_EQ(judge(record).outcome, Outcome::inconclusive);
  record.self_check.trusted = true;
  EXPECT_EQ(judge(record).outcome, Outcome::fail);
}

TEST(Fault, ThatTheTargetCannotBeGivenIsSkipped) {
  auto record = made_record();
  ask(record, "back", {"reconnected >= 100%", "recovery < 10s"}, "cut");
  record.faults[0].has_evidence = false;
  record.faults[0].skipped = "not ours";
  const auto test = judge(record).tests[0];
  EXPECT_EQ(test.outcome, Outcome::skipped);
  EXPECT_EQ(test.reason, "not ours");
}

TEST(Memory, PeakIsOfWhatIsNotCountedTwiceWhereThatIsKnown) {
  auto record = made_record();
  EXPECT_EQ(check(record, "memory_peak < 30MB").outcome, Outcome::fail);
  record.memory[20].proportional_mb = 25;
  EXPECT_EQ(check(record, "memory_peak < 30MB").observed, "25 MB");
  EXPECT_EQ(check(record, "memory_peak < 30MB").outcome, Outcome::pass);
}

TEST(Untrusted, FailureThatDoesNotDependOnLatencyOutweighsIt) {
  auto record = made_record();
  distrust(record);
  set_error(record, run::ErrorClass::integrity, 60);
  ask(record, "it", {"p95 <= 10ms", "error_rate < 1%", "memory_peak < 30MB"});
  const auto verdict = judge(record);
  EXPECT_EQ(verdict.outcome, Outcome::fail);
  EXPECT_EQ(verdict.tests[0].checks[0].outcome, Outcome::inconclusive);
  EXPECT_EQ(verdict.tests[0].checks[1].outcome, Outcome::fail);
  EXPECT_EQ(verdict.tests[0].checks[2].outcome, Outcome::fail);
}

TEST(Quantile, NeedsTenSamplesBeyondItToPass) {
  auto record = made_record();
  record.phases[1] = test::made_totals(199);
  const auto result = check(record, "p95 <= 10ms");
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_EQ(result.reason, "too_few_samples: 199 messages, p95 needs 200");
  record.phases[1] = test::made_totals(200);
  EXPECT_EQ(check(record, "p95 <= 10ms").outcome, Outcome::pass);
}

TEST(Quantile, FewSamplesFailWhereTheyExcludeTheLimit) {
  auto record = made_record();
  record.phases[1] = test::made_totals(5);  // all of them at 2 ms
  EXPECT_EQ(check(record, "p95 <= 1ms").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "p95 <= 1ms, warn <= 3ms").outcome, Outcome::inconclusive);
  record.phases[1] = test::made_totals(40);
  record.phases[1].latencies.response.record_us(90'000, 3);  // may well be the slowest 5 %
  EXPECT_EQ(check(record, "p95 <= 80ms").outcome, Outcome::inconclusive);
}

TEST(Quantile, EvidenceNamesCountsWindowAndInterval) {
  auto record = made_record();
  ask(record, "it", {"p95 <= 10ms"});
  EXPECT_EQ(judge(record).tests[0].evidence,
            "3,000 messages verified of 3,000 scheduled over 30.0 s, nonce checked on each; 95 % "
            "CI of p95 2 to 2 ms");
}

TEST(Maximum, IsNotHeldAgainstTheTargetWhereTheGeneratorWasLate) {
  auto record = made_record();
  record.phases[1].latencies.response.record_us(320'000);
  EXPECT_EQ(check(record, "max <= 300ms").outcome, Outcome::fail);
  record.phases[1].latencies.send_lag.record_us(45'000);
  const auto result = check(record, "max <= 300ms");
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_THAT(result.reason, StartsWith("generator_lag: the generator itself was up to 45"));
  EXPECT_EQ(check(record, "max <= 400ms").outcome, Outcome::pass);
  record.phases[1].latencies.response.record_us(500'000);
  EXPECT_EQ(check(record, "max <= 300ms").outcome, Outcome::fail);
}

TEST(Throughput, CountsCompletionsInTheirOwnSecond) {
  auto record = made_record();
  // The server answers half of the load in the phase and the rest after it.
  for (auto& second : record.seconds) {
    if (second.phase == 1) second.counts.completed = 50;
  }
  EXPECT_EQ(check(record, "throughput >= 90/s").observed, "50 msg/s");
  EXPECT_EQ(check(record, "achieved >= 90%").outcome, Outcome::fail);
}

TEST(Throughput, SecondOnTheEdgeCountsInPart) {
  auto record = made_record();
  record.phase_start_s = {0, 5.5, 35.5};
  record.seconds[5].counts.completed = 200;  // 5 to 6 s
  EXPECT_EQ(check(record, "throughput >= 1/s").observed, "101.7 msg/s");
}

TEST(Connections, AreTheMedianSoThatOneReconnectionDoesNotCount) {
  auto record = made_record();
  record.seconds[10].connections_ready = 9;
  EXPECT_EQ(check(record, "connections >= 10").outcome, Outcome::pass);
  for (auto& second : record.seconds) {
    if (second.t > 15) second.connections_ready = 9;
  }
  EXPECT_EQ(check(record, "connections >= 10").observed, "9");
}

TEST(Spread, UnevenLoadFails) {
  auto record = made_record();
  record.clients[3].completed = 450;
  EXPECT_EQ(check(record, "spread_p > 0.001").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "spread_max_mean <= 1.2").outcome, Outcome::fail);
}

TEST(Spread, BurstsCountAsOne) {
  auto record = made_record();
  for (std::size_t i = 0; i < 10; ++i) record.clients[i].completed = i % 2 == 0 ? 320 : 256;
  EXPECT_EQ(check(record, "spread_p > 0.05").outcome, Outcome::fail);
  record.plan.load.burst = 16;
  EXPECT_EQ(check(record, "spread_p > 0.05").outcome, Outcome::pass);
}

TEST(Spread, FewSamplesAreInconclusiveAndClosedLoopsSkipped) {
  auto record = made_record();
  for (auto& client : record.clients) client.completed = 2;
  EXPECT_THAT(check(record, "spread_p > 0.001").reason, StartsWith("too_few_samples: "));
  record.plan.load.arrivals = run::Arrivals::closed;
  EXPECT_EQ(check(record, "spread_p > 0.001").outcome, Outcome::skipped);
}

TEST(Memory, WithoutSamplesIsSkippedWithTheReason) {
  auto record = made_record();
  record.memory.clear();
  record.memory_reason = "the target runs on another machine";
  const auto result = check(record, "memory_peak < 500MB");
  EXPECT_EQ(result.outcome, Outcome::skipped);
  EXPECT_EQ(result.reason, "the target runs on another machine");
}

TEST(Memory, GrowthIsProjectedAndSaysSo) {
  auto record = made_record();
  for (auto& sample : record.memory) sample.resident_mb = 40 + sample.t * 0.5;
  ask(record, "it", {"memory_growth < 100MB"});
  const auto verdict = judge(record);
  EXPECT_EQ(verdict.tests[0].outcome, Outcome::fail);
  EXPECT_EQ(verdict.tests[0].checks[0].observed, "150 MB per 5 min");
  EXPECT_EQ(verdict.tests[0].evidence,
            "31 samples of resident memory over 30.0 s; Theil-Sen slope, 95 % CI 150 to 150 MB "
            "per 5 min, projected to 5 min");
}

TEST(Memory, GrowthWhoseIntervalReachesOverTheLimitIsUncertain) {
  auto record = made_record();
  for (auto& sample : record.memory) {
    sample.resident_mb = 40 + static_cast<int>(sample.t) % 7 * 5.0 + sample.t * 0.2;
  }
  const auto result = check(record, "memory_growth < 70MB");
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_THAT(result.reason, StartsWith("uncertain: 95 % CI "));
}

TEST(Memory, AFewSamplesAreNoTrend) {
  auto record = made_record();
  record.memory.resize(12);
  EXPECT_EQ(check(record, "memory_growth < 100MB").reason,
            "too_few_samples: 7 samples, a trend needs 10");
}

TEST(Recovery, QuickOneIsTimedByItsLastVictim) {
  auto record = made_record();
  ask(record, "it", {"recovery < 10s", "reconnected >= 100%"}, "cut");
  const auto verdict = judge(record);
  EXPECT_EQ(verdict.outcome, Outcome::pass) << verdict.tests[0].reason;
  EXPECT_EQ(verdict.tests[0].observed, "recovery 0.25 s; reconnected 100 %");
  EXPECT_THAT(verdict.tests[0].evidence,
              StartsWith("cut at 38.0 s: 5 victims, 5 back, the last after 0.25 s, "
                         "kernel_tcp_out_rsts 3; baseline of 30 windows: 100/s, p99 2 ms"));
}

TEST(Recovery, SlowOneIsTimedByItsWindows) {
  auto record = made_record();
  for (auto& second : record.seconds) {
    if (second.t > 38 && second.t <= 50) second.counts.completed = 20;
  }
  EXPECT_EQ(check(record, "recovery < 10s", "cut").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "recovery < 10s", "cut").observed, "12 s");
  EXPECT_EQ(check(record, "recovery < 20s", "cut").outcome, Outcome::pass);
}

TEST(Recovery, NeverIsAFailureAndCensored) {
  auto record = made_record();
  for (auto& second : record.seconds) {
    if (second.t > 38) second.victims_waiting = 1;
  }
  record.faults[0].reconnected = 4;
  const auto never = check(record, "recovery < 1h", "cut");
  EXPECT_EQ(never.outcome, Outcome::fail);
  EXPECT_EQ(never.observed, "never");
  EXPECT_EQ(never.reason, "never recovered (censored at 22.0 s)");
  EXPECT_EQ(check(record, "reconnected >= 100%", "cut").observed, "80 %");
  EXPECT_EQ(check(record, "reconnected >= 100%", "cut").outcome, Outcome::fail);
}

TEST(Recovery, SuitesP99LimitWidensTheRule) {
  auto record = made_record();
  for (auto& second : record.seconds) {
    if (second.t > 38) second.response_p99_ms = 50;
  }
  EXPECT_EQ(check(record, "recovery < 10s", "cut").outcome, Outcome::fail);
  ask(record, "other", {"p99 <= 150ms"});
  const auto verdict = [&] {
    ask(record, "it", {"recovery < 10s"}, "cut");
    return judge(record);
  }();
  EXPECT_EQ(verdict.tests[1].outcome, Outcome::pass) << verdict.tests[1].reason;
}

TEST(Recovery, SlowSecondsOfRandomArrivalsAreNoRelapse) {
  auto record = made_record();
  for (const std::size_t i : {50U, 51U, 52U}) {
    auto& counts = record.seconds[i].counts;
    counts.scheduled = counts.dispatched = counts.completed = 80;
  }
  EXPECT_EQ(check(record, "recovery < 10s", "cut").outcome, Outcome::pass);
  for (const std::size_t i : {50U, 51U, 52U}) record.seconds[i].counts.scheduled = 100;
  EXPECT_EQ(check(record, "recovery < 10s", "cut").outcome, Outcome::fail);
}

TEST(Recovery, EvidenceOfTheFaultIsGivenOnce) {
  auto record = made_record();
  ask(record, "it", {"recovery < 10s", "reconnected >= 100%"}, "cut");
  const auto evidence = judge(record).tests[0].evidence;
  EXPECT_EQ(evidence.find("5 victims"), evidence.rfind("5 victims"));
}

TEST(Recovery, TailAfterTheLoadIsNoRelapse) {
  auto record = made_record();
  for (const int end : {61, 62}) {
    record.seconds.push_back(test::made_second(end));
    record.seconds.back().counts = {};
  }
  EXPECT_EQ(check(record, "recovery < 10s", "cut").outcome, Outcome::pass);
}

TEST(Recovery, WithoutEvidenceIsInconclusive) {
  auto record = made_record();
  record.faults[0].has_evidence = false;
  for (const char* limit : {"recovery < 10s", "reconnected >= 100%"}) {
    EXPECT_EQ(check(record, limit, "cut").outcome, Outcome::inconclusive);
    EXPECT_EQ(check(record, limit, "cut").reason,
              "no_evidence: nothing shows that the fault cut took effect");
  }
  record.faults.clear();
  EXPECT_EQ(check(record, "recovery < 10s", "cut").reason,
            "no_evidence: the fault cut did not happen");
}

TEST(Recovery, WithoutBaselineOrTimeIsInconclusive) {
  auto record = made_record();
  record.faults[0].start_s = record.faults[0].end_s = 9.5;
  EXPECT_THAT(check(record, "recovery < 10s", "cut").reason,
              HasSubstr("no baseline of 5 good windows"));
  record.faults[0].start_s = record.faults[0].end_s = 57.5;
  record.faults[0].last_reconnect_s = 57.6;
  EXPECT_THAT(check(record, "recovery < 10s", "cut").reason,
              HasSubstr("fewer than 5 windows after the fault"));
}

TEST(Interrupted, InTheMeasuredPhaseNothingPassesAndFailuresStay) {
  auto record = made_record();
  record.interrupted = true;
  record.faults.clear();
  record.seconds.resize(20);
  record.phases[1] = test::made_totals(1500);
  EXPECT_EQ(check(record, "p95 <= 10ms").outcome, Outcome::inconclusive);
  EXPECT_EQ(check(record, "p95 <= 10ms").reason,
            "interrupted: 15.0 of 30.0 s of the measured phase");
  EXPECT_EQ(check(record, "p95 <= 1ms").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "recovery < 10s", "cut").reason,
            "interrupted: the fault cut did not happen");
}

TEST(Interrupted, AfterTheMeasuredPhaseItIsJudgedButTheRunIsInconclusiveAtBest) {
  auto record = made_record();
  record.interrupted = true;
  record.seconds.resize(41);
  ask(record, "latency", {"p95 <= 10ms"});
  ask(record, "recovery", {"recovery < 10s"}, "cut");
  auto verdict = judge(record);
  EXPECT_EQ(verdict.tests[0].outcome, Outcome::pass);
  EXPECT_EQ(verdict.tests[1].outcome, Outcome::inconclusive);
  EXPECT_THAT(verdict.tests[1].reason, StartsWith("interrupted: "));
  EXPECT_EQ(verdict.outcome, Outcome::inconclusive);
  record.plan.tests.pop_back();
  verdict = judge(record);
  EXPECT_EQ(verdict.outcome, Outcome::inconclusive);
  ask(record, "worse", {"p95 <= 1ms"});
  EXPECT_EQ(judge(record).outcome, Outcome::fail);
}

TEST(Interrupted, NotYetRecoveredIsNotNever) {
  auto record = made_record();
  record.interrupted = true;
  record.seconds.resize(50);
  for (auto& second : record.seconds) {
    if (second.t > 38) second.counts.completed = 0;
  }
  EXPECT_EQ(check(record, "recovery < 10s", "cut").outcome, Outcome::inconclusive);
}

TEST(Target, ThatExitedFailsTheRun) {
  auto record = made_record();
  record.target_exited = true;
  record.target_exit = "killed by signal 9";
  ask(record, "it", {"p95 <= 10ms"});
  const auto verdict = judge(record);
  EXPECT_EQ(verdict.outcome, Outcome::fail);
  ASSERT_EQ(verdict.tests.size(), 2U);
  EXPECT_EQ(verdict.tests[1].name, "made.target_survives");
  EXPECT_EQ(verdict.tests[1].reason, "the target ended during the run: killed by signal 9");
}

TEST(Run, IsAsBadAsItsWorstTest) {
  auto record = made_record();
  ask(record, "good", {"p95 <= 10ms"});
  EXPECT_EQ(judge(record).outcome, Outcome::pass);
  ask(record, "warn", {"p95 <= 1ms, warn <= 3ms"});
  EXPECT_EQ(judge(record).outcome, Outcome::warn);
  ask(record, "unsure", {"p95 <= 10ms", "recovery < 10s"}, "no_such_fault");
  EXPECT_EQ(judge(record).outcome, Outcome::inconclusive);
  EXPECT_THAT(judge(record).tests[2].reason, StartsWith("no_evidence: "));
  ask(record, "bad", {"p95 <= 10ms", "p50 <= 1ms"});
  EXPECT_EQ(judge(record).outcome, Outcome::fail);
}

TEST(Run, SkippedTestsDoNotCountUnlessThereIsNothingElse) {
  auto record = made_record();
  record.memory.clear();
  ask(record, "memory", {"memory_peak < 500MB"});
  EXPECT_EQ(judge(record).tests[0].outcome, Outcome::skipped);
  EXPECT_EQ(judge(record).outcome, Outcome::inconclusive);
  ask(record, "good", {"p95 <= 10ms"});
  EXPECT_EQ(judge(record).outcome, Outcome::pass);
}

TEST(Run, WithoutLimitsIsJudgedByWhetherItMeasured) {
  auto record = made_record();
  EXPECT_EQ(judge(record).outcome, Outcome::pass);
  EXPECT_EQ(judge(record).tests[0].name, "made.measured");
  distrust(record);
  EXPECT_EQ(judge(record).outcome, Outcome::inconclusive);
  record = made_record();
  record.phases[1] = {};
  EXPECT_EQ(judge(record).outcome, Outcome::inconclusive);
}

TEST(TestResult, JoinsItsChecks) {
  auto record = made_record();
  ask(record, "it", {"throughput >= 90/s", "throughput <= 110/s", "p50 <= 1ms"});
  const auto result = judge(record).tests[0];
  EXPECT_EQ(result.name, "made.it");
  EXPECT_EQ(result.observed, "throughput 100 msg/s; p50 2 ms");
  EXPECT_EQ(result.limit, "throughput >= 90 msg/s; throughput <= 110 msg/s; p50 <= 1 ms");
  EXPECT_EQ(result.outcome, Outcome::fail);
}

TEST(ExitCode, FollowsTheVerdict) {
  const auto code = [](Outcome outcome, bool strict = false, bool interrupted = false) {
    return exit_code({.outcome = outcome, .tests = {}}, strict, interrupted);
  };
  EXPECT_EQ(code(Outcome::pass), 0);
  EXPECT_EQ(code(Outcome::pass, true), 0);
  EXPECT_EQ(code(Outcome::warn), 0);
  EXPECT_EQ(code(Outcome::warn, true), 1);
  EXPECT_EQ(code(Outcome::fail), 1);
  EXPECT_EQ(code(Outcome::inconclusive), 4);
  EXPECT_EQ(code(Outcome::inconclusive, true), 4);
  EXPECT_EQ(code(Outcome::fail, false, true), 130);
}

TEST(Judge, CountsSessionsThatTheServerForgot) {
  auto record = made_record();
  EXPECT_EQ(check(record, "sessions_lost <= 0").outcome, Outcome::inconclusive)
      << "without sessions there are none to lose";
  for (auto& client : record.clients) client.sessions_opened = 1;
  EXPECT_EQ(check(record, "sessions_lost <= 0").outcome, Outcome::pass);
  record.clients[3].sessions_lost = 2;
  record.clients[4].sessions_lost = 1;
  const auto result = check(record, "sessions_lost <= 0");
  EXPECT_EQ(result.outcome, Outcome::fail);
  EXPECT_EQ(result.observed, "3");
}

}  // namespace
}  // namespace gauntlet::verdict
