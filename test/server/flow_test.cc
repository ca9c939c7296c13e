#include "server/flow.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace gauntlet::server {
namespace {

using core::kMillisecond;
using core::kSecond;

int passed(Allowance& allowance, const RateLimit& limit, core::Nanos now_ns, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += take(allowance, limit, now_ns) == 0;
  return count;
}

TEST(RateLimit, LetsTwiceTheRateComeAtOnceAndThenTheRate) {
  Allowance allowance;
  const RateLimit limit = rate_limit(500);
  EXPECT_EQ(passed(allowance, limit, kSecond, 2000), 1000);
  EXPECT_EQ(passed(allowance, limit, kSecond + 100 * kMillisecond, 2000), 50);
  EXPECT_EQ(passed(allowance, limit, 2 * kSecond + 100 * kMillisecond, 2000), 500);
  EXPECT_EQ(passed(allowance, limit, 60 * kSecond, 2000), 1000);
}

TEST(RateLimit, ZeroIsNone) {
  Allowance allowance;
  EXPECT_EQ(passed(allowance, RateLimit{}, 1, 100'000), 100'000);
  EXPECT_EQ(passed(allowance, rate_limit(0), 1, 100'000), 100'000);
}

TEST(RateLimit, ASlowOneLetsOneThrough) {
  Allowance allowance;
  const RateLimit limit = rate_limit(0.1);
  EXPECT_EQ(passed(allowance, limit, kSecond, 10), 1);
  EXPECT_EQ(retry_after_seconds(take(allowance, limit, kSecond)), 11u);
  EXPECT_EQ(passed(allowance, limit, 10 * kSecond, 10), 0);
  EXPECT_EQ(passed(allowance, limit, 12 * kSecond, 10), 1);
}

TEST(RateLimit, TimeThatStepsBackGivesNothing) {
  Allowance allowance;
  const RateLimit limit = rate_limit(10);
  EXPECT_EQ(passed(allowance, limit, 10 * kSecond, 100), 20);
  EXPECT_EQ(passed(allowance, limit, 5 * kSecond, 100), 0);
  EXPECT_EQ(passed(allowance, limit, 10 * kSecond, 100), 0);
}

RC_GTEST_PROP(RateLimit, NeverLetsMoreThroughThanBurstAndRate, ()) {
  const RateLimit limit = rate_limit(*rc::gen::inRange(1, 2000));
  const auto gaps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20'000'000));
  Allowance allowance;
  core::Nanos now_ns = kSecond;
  double count = 0;
  for (const int gap : gaps) {
    now_ns += gap;
    count += take(allowance, limit, now_ns) == 0;
  }
  const double seconds = core::to_seconds(now_ns - kSecond);
  RC_ASSERT(count <= limit.burst + limit.per_second * seconds + 0.001);
}

RC_GTEST_PROP(RateLimit, TheTimeItTellsIsEnoughAndNotMore, ()) {
  const RateLimit limit = rate_limit(*rc::gen::inRange(1, 2000));
  Allowance allowance;
  core::Nanos now_ns = kSecond;
  core::Nanos wait_ns = 0;
  while (wait_ns == 0) wait_ns = take(allowance, limit, now_ns += kMillisecond / 10);
  Allowance early = allowance;
  RC_ASSERT(take(early, limit, now_ns + wait_ns * 9 / 10) > 0);
  RC_ASSERT(take(allowance, limit, now_ns + wait_ns + 1) == 0);
}

TEST(RetryAfter, IsInWholeSecondsAndNotZero) {
  EXPECT_EQ(retry_after_seconds(0), 1u);
  EXPECT_EQ(retry_after_seconds(1), 1u);
  EXPECT_EQ(retry_after_seconds(kSecond), 1u);
  EXPECT_EQ(retry_after_seconds(kSecond + 1), 2u);
}

TEST(QueueSteps, TellsOfEachStepOnce) {
  QueueSteps steps(100);
  EXPECT_FALSE(steps.observe(79));
  EXPECT_EQ(steps.observe(80), Pressure::elevated);
  EXPECT_FALSE(steps.observe(89));
  EXPECT_EQ(steps.observe(90), Pressure::high);
  EXPECT_EQ(steps.observe(99), Pressure::critical);
  EXPECT_FALSE(steps.observe(100));
  EXPECT_EQ(steps.pressure(), Pressure::critical);
}

TEST(QueueSteps, FallsTenPointsBelow) {
  QueueSteps steps(100);
  EXPECT_EQ(steps.observe(100), Pressure::critical);
  EXPECT_FALSE(steps.observe(90));
  EXPECT_EQ(steps.observe(88), Pressure::high);
  EXPECT_EQ(steps.observe(79), Pressure::elevated);
  EXPECT_FALSE(steps.observe(71));
  EXPECT_EQ(steps.observe(69), Pressure::normal);
}

TEST(QueueSteps, MaySkipSteps) {
  QueueSteps steps(1000);
  EXPECT_EQ(steps.observe(1000), Pressure::critical);
  EXPECT_EQ(steps.observe(0), Pressure::normal);
}

TEST(QueueSteps, WithoutRoomSaysNothing) { EXPECT_FALSE(QueueSteps(0).observe(5)); }

RC_GTEST_PROP(QueueSteps, AreNeverBelowWhatTheQueueIsAt, ()) {
  QueueSteps steps(1000);
  for (const int used : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1001))) {
    steps.observe(static_cast<std::size_t>(used));
    const int pressure = static_cast<int>(steps.pressure());
    RC_ASSERT(pressure >= (used >= 800) + (used >= 900) + (used >= 990));
    RC_ASSERT(pressure <= (used >= 700) + (used >= 800) + (used >= 890));
  }
}

TEST(Backpressure, IsOneNotification) {
  EXPECT_EQ(backpressure_notification("calls", Pressure::high, 91, 100),
            R"({"jsonrpc":"2.0","method":"notifications/backpressure",)"
            R"("params":{"queue":"calls","level":"high","used":91,"capacity":100}})");
}

}  // namespace
}  // namespace gauntlet::server
