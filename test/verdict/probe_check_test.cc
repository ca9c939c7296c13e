#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/judge.h"
#include "verdict/made_record.h"
#include "verdict/self_check.h"

namespace gauntlet::verdict {
namespace {

using test::ask;
using test::made_record;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Of `calls` service times, a fiftieth at `slow_us`, the rest at 1.9 ms.
void set_times(run::Latencies& latencies, std::uint64_t slow_us, std::uint64_t calls) {
  latencies.service.reset();
  latencies.service.record_us(1'900, calls - calls / 50);
  latencies.service.record_us(slow_us, calls / 50);
  latencies.response = latencies.service;
}

// The load's p99 and the probe's, with 3,000 messages and `calls` calls.
run::Record with_p99(std::uint64_t load_us, std::uint64_t probe_us, std::uint64_t calls = 2'000) {
  auto record = made_record();
  ask(record, "fast", {"p99 <= 100ms"});
  set_times(record.phases[1].latencies, load_us, 3'000);
  record.probe.connections = 1;
  record.probe.rate_per_s = 10;  // the pace of one of the load's ten
  set_times(record.probe.totals.latencies, probe_us, calls);
  record.probe.totals.latencies.send_lag.record_us(50, calls);
  return record;
}

std::optional<bool> p99_agrees(const run::SelfCheck& check) {
  for (const auto& seen : check.probe)
    if (seen.quantile == "p99") return seen.agrees;
  return std::nullopt;
}

TEST(ProbeCheck, AgreesWhereBothSeeTheSame) {
  const auto check = assess(with_p99(50'000, 50'000));
  EXPECT_TRUE(check.trusted);
  EXPECT_EQ(p99_agrees(check), true);
  ASSERT_EQ(check.probe.size(), 2U) << "the median in every run";
  EXPECT_EQ(check.probe[0].quantile, "p50");
  EXPECT_NEAR(check.probe[1].allowed_ms, 10, 1e-9) << "a tenth of the limit";
  EXPECT_THAT(check.probe_unjudged, IsEmpty());
}

TEST(ProbeCheck, LoadThatWaitsInItsOwnQueueIsNotTrusted) {
  EXPECT_TRUE(assess(with_p99(59'000, 50'000)).trusted) << "within a tenth of the limit";
  auto record = with_p99(61'000, 50'000);
  EXPECT_THAT(assess(record).reasons,
              ElementsAre("the probe client's p99 was 50 ms and the load's 61 ms, more than 10 ms "
                          "apart: the load waits in the generator's own queue"));
  record.self_check = assess(record);
  const auto verdict = judge(record);
  EXPECT_EQ(verdict.outcome, run::Outcome::inconclusive);
  EXPECT_THAT(verdict.tests[0].reason, HasSubstr("generator_saturated: the probe client's p99"));
}

TEST(ProbeCheck, LoadThatMissesTheBadTimesIsNotTrusted) {
  EXPECT_TRUE(assess(with_p99(50'000, 59'000)).trusted);
  const auto check = assess(with_p99(2'000, 50'000));
  ASSERT_EQ(check.reasons.size(), 1U);
  EXPECT_THAT(check.reasons[0], HasSubstr("the load does not see what a client sees"));
  EXPECT_EQ(p99_agrees(check), false);
}

TEST(ProbeCheck, ResponseTimesCountWhatWaitsForItsConnection) {
  auto record = with_p99(2'000, 50'000);
  record.phases[1].latencies.response.record_us(60'000, 60);
  EXPECT_TRUE(assess(record).trusted) << "of a stall, only one call a connection is on its way";
}

TEST(ProbeCheck, ProbeThatIsLateItselfIsForgiven) {
  auto record = with_p99(2'000, 50'000);
  record.probe.totals.latencies.send_lag.reset();
  record.probe.totals.latencies.send_lag.record_us(20'000, 2'000);
  EXPECT_TRUE(assess(record).trusted);
}

TEST(ProbeCheck, FewCallsSayNothing) {
  const auto check = assess(with_p99(90'000, 2'000, 200));
  EXPECT_TRUE(check.trusted) << "200 calls have no upper bound of a p99";
  EXPECT_EQ(p99_agrees(check), std::nullopt);
  EXPECT_EQ(check.probe[0].agrees, true) << "of a median they have";
  EXPECT_EQ(check.probe[1].probe_high_ms, std::nullopt);
}

TEST(ProbeCheck, CallsOfABurstCountAsOne) {
  auto record = with_p99(90'000, 2'000);
  EXPECT_FALSE(assess(record).trusted);
  record.plan.load.burst = 16;  // 125 bursts
  EXPECT_TRUE(assess(record).trusted);
}

TEST(ProbeCheck, SlowerPaceIsNotComparedWhereCallsOverlap) {
  auto record = with_p99(500'000, 2'000);  // five of a client's calls under way
  EXPECT_FALSE(assess(record).trusted);
  record.probe.rate_per_s = 1;
  auto check = assess(record);
  EXPECT_TRUE(check.trusted);
  EXPECT_EQ(p99_agrees(check), std::nullopt);
  record.target.transport = "http";  // one call at a time
  EXPECT_FALSE(assess(record).trusted);
  record.plan.load.pipeline = 16;
  EXPECT_TRUE(assess(record).trusted);
  record.plan.load.arrivals = run::Arrivals::closed;
  EXPECT_FALSE(assess(record).trusted);
}

TEST(ProbeCheck, SlowTargetIsSeenByBothAndStaysToBlame) {
  auto record = with_p99(900'000, 900'000);
  record.self_check = assess(record);
  EXPECT_TRUE(record.self_check.trusted);
  EXPECT_EQ(judge(record).outcome, run::Outcome::fail);
}

TEST(ProbeCheck, WithoutLatencyLimitsTheTimeOutIsTheMeasure) {
  auto record = with_p99(250'000, 2'000);
  record.plan.tests.clear();
  record.plan.load.timeout = 3 * core::kSecond;
  EXPECT_TRUE(assess(record).trusted);
  record.plan.load.timeout = 2 * core::kSecond;
  EXPECT_FALSE(assess(record).trusted);
}

TEST(ProbeCheck, SaysWhyThereIsNothingToCompare) {
  auto record = with_p99(2'000, 2'000);
  record.probe.none_because = "each connection is a server of its own";
  EXPECT_EQ(assess(record).probe_unjudged, "each connection is a server of its own");
  record.probe.none_because.clear();
  record.probe.totals.latencies.service.reset();
  EXPECT_EQ(assess(record).probe_unjudged, "none of its calls was answered");
  record = with_p99(2'000, 2'000);
  record.phases[1].latencies.service.reset();
  EXPECT_EQ(assess(record).probe_unjudged, "none of the load's messages was answered");
  EXPECT_THAT(assess(record).probe, IsEmpty());
}

}  // namespace
}  // namespace gauntlet::verdict
