#include "verdict/self_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/made_record.h"

namespace gauntlet::verdict {
namespace {

using test::ask;
using test::made_record;
using testing::ElementsAre;
using testing::IsEmpty;

run::Record with_limits(std::initializer_list<const char*> limits) {
  auto record = made_record();
  ask(record, "it", limits);
  return record;
}

void set_lag_us(run::Record& record, std::uint64_t usual, std::uint64_t slow,
                std::uint64_t slow_count) {
  auto& lag = record.phases[1].latencies.send_lag;
  lag.reset();
  lag.record_us(usual, 3000 - slow_count);
  lag.record_us(slow, slow_count);
}

TEST(SelfCheck, HealthyRunIsTrustedAndDescribed) {
  auto record = with_limits({"p95 <= 85ms"});
  record.self_check.cpu_busiest_thread = 0.2;
  record.self_check.run_queue_delay_share = 0.4;
  record.self_check.steal_share = 0.3;
  const auto check = assess(record);
  EXPECT_TRUE(check.trusted);
  EXPECT_THAT(check.reasons, IsEmpty());
  EXPECT_NEAR(check.send_lag_ms_p99, 0.05, 0.001);
  EXPECT_DOUBLE_EQ(check.offered_per_s, 100);
  EXPECT_DOUBLE_EQ(check.dispatched_per_s, 100);
  EXPECT_DOUBLE_EQ(check.cpu_busiest_thread, 0.2);
  EXPECT_DOUBLE_EQ(check.run_queue_delay_share, 0.4) << "reported, not judged";
  EXPECT_DOUBLE_EQ(check.steal_share, 0.3);
}

TEST(SelfCheck, LagMayUseATenthOfTheLimitAtTheSameQuantile) {
  auto record = with_limits({"p95 <= 85ms", "p99 <= 150ms"});
  set_lag_us(record, 50, 9'000, 300);  // p95 and p99 are 9 ms: above 8.5, below 15
  EXPECT_THAT(assess(record).reasons,
              ElementsAre("send lag p95 was 9.01 ms, above 8.5 ms (a tenth of the limit)"));
  set_lag_us(record, 50, 8'000, 300);
  EXPECT_TRUE(assess(record).trusted);
}

TEST(SelfCheck, TightestLimitCountsAndLowerOnesDoNot) {
  auto record = with_limits({"p95 <= 85ms", "p95 <= 40ms", "p95 >= 1ms", "service_p95 <= 11ms"});
  set_lag_us(record, 50, 5'000, 300);
  EXPECT_THAT(assess(record).reasons,
              ElementsAre("send lag p95 was 5 ms, above 4 ms (a tenth of the limit)"));
}

TEST(SelfCheck, LagBelowAMillisecondIsFineWhateverTheLimit) {
  auto record = with_limits({"p95 <= 2ms"});
  set_lag_us(record, 900, 900, 0);
  EXPECT_TRUE(assess(record).trusted);
  set_lag_us(record, 1'100, 1'100, 0);
  EXPECT_FALSE(assess(record).trusted);
}

TEST(SelfCheck, OneLateSendAmongManyDoesNotSpoilTheRun) {
  auto record = with_limits({"max <= 300ms", "p99 <= 150ms"});
  set_lag_us(record, 50, 200'000, 1);
  EXPECT_TRUE(assess(record).trusted);
}

TEST(SelfCheck, WithoutLatencyLimitsTheTimeOutIsTheMeasure) {
  auto record = with_limits({"error_rate < 1%"});
  record.plan.load.timeout = 300 * core::kMillisecond;
  set_lag_us(record, 29'000, 29'000, 0);
  EXPECT_TRUE(assess(record).trusted);
  set_lag_us(record, 31'000, 31'000, 0);
  EXPECT_THAT(assess(record).reasons,
              ElementsAre("send lag p99 was 31 ms, above 30 ms (a tenth of the time-out)"));
}

TEST(SelfCheck, MessagesThatWereNotReachedSpoilAnOpenLoop) {
  auto record = with_limits({"p95 <= 85ms"});
  record.phases[1].counts.dispatched = 2971;
  EXPECT_TRUE(assess(record).trusted);
  record.phases[1].counts.dispatched = 2969;
  EXPECT_THAT(assess(record).reasons,
              ElementsAre("the generator got to 2,969 of 3,000 messages that came due"));
  record.plan.load.arrivals = run::Arrivals::closed;
  EXPECT_TRUE(assess(record).trusted);
}

void set_scheduled(run::Record& record, std::uint64_t count) {
  record.phases[1].counts.scheduled = record.phases[1].counts.dispatched = count;
}

TEST(SelfCheck, ConstantScheduleIsKeptWithinOnePercent) {
  auto record = with_limits({"p95 <= 85ms"});
  set_scheduled(record, 2970);
  EXPECT_TRUE(assess(record).trusted);
  set_scheduled(record, 2960);
  EXPECT_THAT(assess(record).reasons,
              ElementsAre("2960 messages were scheduled where 3000 were due"));
  set_scheduled(record, 3040);
  EXPECT_FALSE(assess(record).trusted);
}

TEST(SelfCheck, PoissonScheduleIsKeptWithinFiveSigmas) {
  auto record = with_limits({"p95 <= 85ms"});
  record.plan.load.arrivals = run::Arrivals::poisson;
  set_scheduled(record, 2727);  // sigma is 54.8
  EXPECT_TRUE(assess(record).trusted);
  set_scheduled(record, 2725);
  EXPECT_FALSE(assess(record).trusted);
  record.plan.load.burst = 16;
  EXPECT_TRUE(assess(record).trusted) << "bursts vary more";
}

TEST(SelfCheck, InterruptedPhaseIsNotHeldAgainstItsPlan) {
  auto record = with_limits({"p95 <= 85ms"});
  record.seconds.resize(20);
  set_scheduled(record, 1500);
  EXPECT_TRUE(assess(record).trusted);
}

TEST(SelfCheck, BusyThreadSpoilsOpenAndClosedLoops) {
  auto record = with_limits({"p95 <= 85ms"});
  record.self_check.cpu_busiest_thread = 0.97;
  EXPECT_THAT(assess(record).reasons,
              ElementsAre("generator thread saturated: 0.97 of a core, above 0.95"));
  record.plan.load.arrivals = run::Arrivals::closed;
  EXPECT_FALSE(assess(record).trusted);
  record.self_check.cpu_busiest_thread = 0.95;
  EXPECT_TRUE(assess(record).trusted);
}

TEST(SelfCheck, EmptyRunHasNothingToDistrust) {
  run::Record record;
  record.plan = test::made_plan();
  record.phases.resize(3);
  EXPECT_TRUE(assess(record).trusted);
}

TEST(SelfCheck, CanBeRepeated) {
  auto record = with_limits({"p95 <= 85ms"});
  record.self_check.cpu_busiest_thread = 0.97;
  record.self_check = assess(record);
  EXPECT_EQ(assess(record).reasons.size(), 1U);
}

}  // namespace
}  // namespace gauntlet::verdict
