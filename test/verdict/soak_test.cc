// A long run made by hand: 1,200 s measured, and what creeps, breaks or slows down in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "verdict/judge.h"
#include "verdict/made_record.h"
#include "verdict/self_check.h"

namespace gauntlet::verdict {
namespace {

using run::Outcome;
using testing::HasSubstr;

constexpr int kSteadyS = 1200;

std::string histogram_of(std::uint64_t us, std::uint64_t count) {
  stats::Histogram histogram;
  histogram.record_us(us, count);
  return histogram.encode_v2_compressed();
}

// Two milliseconds for all, a little noise in what processes hold.
run::Record long_run() {
  auto record = test::made_record();
  record.plan.phases = {{"warmup", 5 * core::kSecond, false},
                        {"steady", kSteadyS * core::kSecond, true}};
  record.plan.faults.clear();
  record.faults.clear();
  record.phases = {test::made_totals(500), test::made_totals(100 * kSteadyS)};
  record.phase_start_s = {0, 5};
  record.seconds.clear();
  record.memory.clear();
  core::Random random(7);
  for (int t = 1; t <= 5 + kSteadyS; ++t) {
    record.seconds.push_back(test::made_second(t));
    record.seconds.back().phase = t <= 5 ? 0 : 1;
    record.seconds.back().response_p95_ms = 2 + 0.1 * random.uniform();
    record.histograms.push_back({.t = static_cast<double>(t),
                                 .length = 1,
                                 .phase = t <= 5 ? 0U : 1U,
                                 .response = histogram_of(2000, 100),
                                 .service = histogram_of(1900, 100),
                                 .send_lag = histogram_of(50, 100)});
    record.memory.push_back({static_cast<double>(t), 40 + random.uniform(), {}});
    if (t % 5 != 0) continue;
    record.holdings.push_back({.t = static_cast<double>(t),
                               .processes = 3,
                               .ended = 0,
                               .descriptors = 50 + random.below(3),
                               .threads = 3});
  }
  return record;
}

run::CheckResult check(run::Record record, const char* limit) {
  test::ask(record, "it", {limit}, "");
  return judge(record).tests.front().checks.front();
}

std::string evidence(run::Record record, const char* limit) {
  test::ask(record, "it", {limit}, "");
  return judge(record).tests.front().evidence;
}

TEST(Soak, AFlatRunPassesAndNamesTheSmallestLeakItWouldHaveSeen) {
  const auto record = long_run();
  EXPECT_EQ(check(record, "memory_drift < 500MB").outcome, Outcome::pass);
  EXPECT_EQ(check(record, "descriptors_drift <= 1000").outcome, Outcome::pass);
  EXPECT_EQ(check(record, "threads_drift <= 50").outcome, Outcome::pass);
  EXPECT_EQ(check(record, "error_rate_drift < 0.05%").outcome, Outcome::pass);
  EXPECT_EQ(check(record, "error_rate_hourly < 0.1%").outcome, Outcome::pass);
  EXPECT_EQ(check(record, "p95_hourly <= 20ms").outcome, Outcome::pass);
  EXPECT_EQ(check(record, "crashes <= 0").outcome, Outcome::pass);
  EXPECT_THAT(evidence(record, "memory_drift < 500MB"),
              HasSubstr("the smallest drift that would have shown: "));
}

TEST(Soak, WhatNeverChangedWouldHaveShownTwoStepsOfItsMeasure) {
  auto record = long_run();
  for (auto& sample : record.memory) sample.resident_mb = 100;
  for (auto& sample : record.holdings) sample.descriptors = sample.threads = 20;
  for (const char* limit :
       {"memory_drift < 500MB", "descriptors_drift <= 1000", "threads_drift <= 50"})
    EXPECT_THAT(evidence(record, limit), testing::Not(testing::ContainsRegex("have shown: 0($| )")))
        << limit;
}

TEST(Soak, ALeakFailsAndOneThatCannotBeToldIsInconclusive) {
  auto record = long_run();
  for (auto& sample : record.memory) sample.resident_mb += sample.t * 1000 / 86'400;
  EXPECT_EQ(check(record, "memory_drift < 500MB").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "memory_drift < 1MB").outcome, Outcome::fail);
  auto noisy = long_run();
  core::Random random(8);
  for (auto& sample : noisy.memory) sample.resident_mb += 100 * random.uniform();
  const auto unsure = check(noisy, "memory_drift < 1MB");
  EXPECT_EQ(unsure.outcome, Outcome::inconclusive);
  EXPECT_THAT(unsure.reason, HasSubstr("uncertain"));
}

TEST(Soak, DescriptorsAndThreadsThatCreepFail) {
  auto record = long_run();
  for (auto& sample : record.holdings) {
    sample.descriptors += static_cast<std::uint64_t>(sample.t / 10);
    sample.threads += static_cast<std::uint64_t>(sample.t / 100);
  }
  EXPECT_EQ(check(record, "descriptors_drift <= 1000").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "threads_drift <= 50").outcome, Outcome::fail);
}

TEST(Soak, ErrorsOfOneHourCountAndSoDoesTheirRise) {
  auto one_bad = long_run();
  for (auto& second : one_bad.seconds)
    if (second.t > 750 && second.t <= 760) second.counts.errors[3] = 2;
  const auto worst = check(one_bad, "error_rate_hourly < 0.1%");
  EXPECT_EQ(worst.outcome, Outcome::fail);
  EXPECT_THAT(evidence(one_bad, "error_rate_hourly < 0.1%"), HasSubstr("725 to 845 s"));
  EXPECT_EQ(check(one_bad, "error_rate_drift < 0.05%").outcome, Outcome::pass)
      << evidence(one_bad, "error_rate_drift < 0.05%");
  auto rising = long_run();
  for (auto& second : rising.seconds) {
    second.counts.scheduled = 100'000;
    second.counts.errors[3] = static_cast<std::uint64_t>(second.t);
  }
  EXPECT_EQ(check(rising, "error_rate_drift < 0.05%").outcome, Outcome::fail);
}

TEST(Soak, ASlowHourIsFarFromTheFirstSteadyOne) {
  auto record = long_run();
  for (auto& timed : record.histograms)
    if (timed.t > 965 && timed.t <= 1085) timed.response = histogram_of(32'000, 100);
  const auto slow = check(record, "p95_hourly <= 20ms");
  EXPECT_EQ(slow.outcome, Outcome::fail);
  EXPECT_THAT(slow.observed, HasSubstr("30 ms"));
  EXPECT_THAT(evidence(record, "p95_hourly <= 20ms"), HasSubstr("965 to 1085 s"));
  record.self_check.trusted = false;
  EXPECT_EQ(check(record, "p95_hourly <= 20ms").outcome, Outcome::inconclusive);
}

TEST(Soak, ProcessesThatEndedAreCounted) {
  auto record = long_run();
  record.holdings.back().ended = 1;
  const auto crashed = check(record, "crashes <= 0");
  EXPECT_EQ(crashed.outcome, Outcome::fail);
  EXPECT_EQ(crashed.observed, "1");
}

TEST(Soak, WhatIsNotVisibleIsSkipped) {
  auto record = long_run();
  record.memory.clear();
  record.holdings.clear();
  record.memory_reason = "the target's process cannot be seen from here";
  for (const char* limit : {"memory_drift < 500MB", "descriptors_drift <= 1", "crashes <= 0"}) {
    const auto skipped = check(record, limit);
    EXPECT_EQ(skipped.outcome, Outcome::skipped) << limit;
    EXPECT_EQ(skipped.reason, record.memory_reason);
  }
}

TEST(Soak, NothingSeenIsNeverAPass) {
  auto record = long_run();
  record.seconds.clear();
  record.histograms.clear();
  for (const char* limit : {"error_rate_drift < 1%", "error_rate_hourly < 1%", "p95_hourly <= 1s",
                            "pause_max < 1s", "memory_drift < 500MB"})
    EXPECT_EQ(check(record, limit).outcome, Outcome::inconclusive) << limit;
}

TEST(Soak, TheLongestPauseIsToldWithItsTime) {
  auto record = long_run();
  record.seconds[300].pause_s = 0.75;
  const auto pause = check(record, "pause_max < 500ms");
  EXPECT_EQ(pause.outcome, Outcome::fail);
  EXPECT_EQ(pause.observed, "750 ms");
  EXPECT_THAT(evidence(record, "pause_max < 500ms"), HasSubstr("301.0 s"));
}

// The same load, with a time without Gauntlet in the middle of it.
run::Record resumed_run() {
  constexpr double kGapAt = 600, kGapS = 50;
  auto record = long_run();
  record.gaps = {
      {.start_s = kGapAt, .end_s = kGapAt + kGapS, .phase = 1, .undecided = 3, .how = "died"}};
  const auto shift = [](auto& all) {
    for (auto& each : all)
      if (each.t > kGapAt) each.t += kGapS;
  };
  shift(record.seconds);
  shift(record.histograms);
  shift(record.memory);
  shift(record.holdings);
  return record;
}

TEST(Soak, AGapIsNeitherGoodTimeNorBad) {
  const auto record = resumed_run();
  EXPECT_TRUE(assess(record).trusted);
  for (const char* limit :
       {"memory_drift < 500MB", "error_rate_hourly < 0.1%", "p95_hourly <= 20ms", "crashes <= 0",
        "error_rate < 0.1%", "throughput >= 99/s"})
    EXPECT_EQ(check(record, limit).outcome, Outcome::pass) << limit;
  EXPECT_THAT(evidence(record, "crashes <= 0"), HasSubstr("resumed once, gap 50.0 s"));
  EXPECT_THAT(evidence(record, "throughput >= 99/s"), HasSubstr("over 1200.0 s"));
  auto cut_short = record;
  cut_short.interrupted = true;
  while (cut_short.seconds.back().t > 5 + kSteadyS) cut_short.seconds.pop_back();
  EXPECT_EQ(check(cut_short, "error_rate < 0.1%").outcome, Outcome::inconclusive)
      << "the gap is no part of what was planned";
}

TEST(Soak, TheProbeIsComparedWithTheLoadBesideIt) {
  auto record = resumed_run();
  test::ask(record, "it", {"p99 < 100ms"}, "");  // so much nearer than by the time-out alone
  record.probe.connections = 1;
  record.probe.rate_per_s = 10;
  record.probe.totals.latencies.service.record_us(90'000, 2000);
  record.probe.totals.latencies.response.record_us(90'000, 2000);
  EXPECT_FALSE(assess(record).trusted) << "2 ms is not what that probe saw";
  for (auto& timed : record.histograms)
    if (timed.t > record.gaps.front().end_s)
      timed.service = timed.response = histogram_of(90'000, 100);
  EXPECT_TRUE(assess(record).trusted);
}

// What the target tells of itself: so many sessions, and so much heap, at each second.
template <typename Sessions, typename Heap>
run::Record telling_run(Sessions sessions, Heap heap_mb) {
  auto record = long_run();
  for (int t = 2; t <= 5 + kSteadyS; t += 2)
    record.gauges.push_back({static_cast<double>(t), sessions(t), heap_mb(t)});
  return record;
}

TEST(Soak, SessionsAndHeapThatGrowAreCaughtByName) {
  // A heap that is swept every minute, and a session a minute that nobody forgets.
  const auto leaking = telling_run([](int t) { return 100.0 + t / 60; },
                                   [](int t) { return 50 + (t % 60) * 0.5 + t * 0.02; });
  EXPECT_EQ(check(leaking, "sessions_drift <= 1000").outcome, Outcome::fail);
  EXPECT_EQ(check(leaking, "heap_drift < 500MB").outcome, Outcome::fail);
  const auto steady =
      telling_run([](int t) { return 100.0 + t % 3; }, [](int t) { return 50 + (t % 60) * 0.5; });
  EXPECT_EQ(check(steady, "sessions_drift <= 1000").outcome, Outcome::pass);
  EXPECT_EQ(check(steady, "heap_drift < 500MB").outcome, Outcome::pass);
  EXPECT_THAT(evidence(steady, "sessions_drift <= 1000"),
              HasSubstr("the smallest drift that would have shown"));
}

TEST(Soak, WhatTheTargetToldTheSameOfAllTheTimeWouldHaveShownTwoStepsToo) {
  const auto still = telling_run([](int) { return 100.0; }, [](int) { return 50.0; });
  for (const char* limit : {"sessions_drift <= 1000", "heap_drift < 500MB"})
    EXPECT_THAT(evidence(still, limit), testing::Not(testing::ContainsRegex("have shown: 0($| )")))
        << limit;
}

TEST(Soak, WhatTheTargetDoesNotTellIsSkipped) {
  for (const char* limit : {"sessions_drift <= 1000", "heap_drift < 500MB"}) {
    const auto untold = check(long_run(), limit);
    EXPECT_EQ(untold.outcome, Outcome::skipped);
    EXPECT_THAT(untold.reason, HasSubstr("target_metrics"));
  }
}

}  // namespace
}  // namespace gauntlet::verdict
