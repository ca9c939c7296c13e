#include "server/breaker.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace gauntlet::server {
namespace {

using core::kMillisecond;
using core::kSecond;
using State = Breaker::State;

constexpr BreakerLimits kLimits{.p95_ns = 100 * kMillisecond,
                                .error_share = 0.5,
                                .cpu_share = 0.9,
                                .memory_bytes = 1000,
                                .open_ns = 2 * kSecond,
                                .samples_min = 100,
                                .probes = 10};

class BreakerTest : public testing::Test {
 protected:
  bool allows(Priority priority) { return breaker_.allows(priority, now_ns_); }
  void record(int count, core::Nanos took_ns, bool failed = false) {
    for (int i = 0; i < count; ++i) breaker_.record(now_ns_, took_ns, failed);
  }
  State after(core::Nanos ns) {
    now_ns_ += ns;
    allows(Priority::vital);
    return breaker_.state();
  }
  void open() {
    for (int i = 0; i < 2; ++i) {
      record(100, kSecond);
      after(kSecond);
    }
    ASSERT_EQ(breaker_.state(), State::open);
  }

  Breaker breaker_{kLimits};
  core::Nanos now_ns_ = 1000 * kSecond;
};

TEST_F(BreakerTest, LetsEverythingPassWhileAllIsWell) {
  for (int i = 0; i < 10; ++i) {
    record(1000, 10 * kMillisecond);
    EXPECT_EQ(after(kSecond), State::closed);
    EXPECT_TRUE(allows(Priority::call));
    EXPECT_TRUE(allows(Priority::minor));
  }
  EXPECT_EQ(breaker_.opened(), 0u);
}

TEST_F(BreakerTest, ShedsTheMinorFirstThenCallsAndNeverTheVital) {
  record(100, kSecond);
  EXPECT_EQ(after(kSecond), State::strained);
  EXPECT_FALSE(allows(Priority::minor));
  EXPECT_TRUE(allows(Priority::call));
  EXPECT_TRUE(allows(Priority::vital));
  record(100, kSecond);
  EXPECT_EQ(after(kSecond), State::open);
  EXPECT_FALSE(allows(Priority::minor));
  EXPECT_FALSE(allows(Priority::call));
  EXPECT_TRUE(allows(Priority::vital));
  EXPECT_EQ(breaker_.opened(), 1u);
  EXPECT_EQ(breaker_.shed(Priority::minor), 2u);
  EXPECT_EQ(breaker_.shed(Priority::call), 1u);
  EXPECT_EQ(breaker_.shed(Priority::vital), 0u);
}

TEST_F(BreakerTest, AStrainThatPassesOpensNothing) {
  record(100, kSecond);
  EXPECT_EQ(after(kSecond), State::strained);
  record(5000, kMillisecond);
  EXPECT_EQ(after(kSecond), State::closed);
  EXPECT_EQ(breaker_.opened(), 0u);
}

TEST_F(BreakerTest, LooksAtTheNinetyFifthPercentile) {
  record(95, kMillisecond);
  record(5, kSecond);
  EXPECT_EQ(after(kSecond), State::closed);
  record(94, kMillisecond);
  record(7, kSecond);
  EXPECT_EQ(after(kSecond), State::strained);
}

TEST_F(BreakerTest, LooksAtTheShareOfFailures) {
  record(50, kMillisecond);
  record(50, kMillisecond, true);
  EXPECT_EQ(after(kSecond), State::closed);
  record(20, kMillisecond, true);
  EXPECT_EQ(after(kSecond), State::strained);
}

TEST_F(BreakerTest, LooksAtProcessorAndMemory) {
  breaker_.observe(0.9, 1000);
  EXPECT_EQ(after(kSecond), State::closed);
  breaker_.observe(0.95, 0);
  EXPECT_EQ(after(kSecond), State::strained);
  breaker_.observe(0, 0);
  EXPECT_EQ(after(kSecond), State::closed);
  breaker_.observe(0, 1001);
  EXPECT_EQ(after(kSecond), State::strained);
}

TEST_F(BreakerTest, FewSamplesSayNothing) {
  record(99, kSecond, true);
  EXPECT_EQ(after(kSecond), State::closed);
}

TEST_F(BreakerTest, ForgetsWhatIsOutOfTheWindow) {
  record(99, kSecond);
  after(4 * kSecond);
  record(1, kSecond);
  EXPECT_EQ(after(kSecond), State::closed);
}

TEST_F(BreakerTest, ALimitOfZeroIsNone) {
  Breaker breaker(BreakerLimits{});
  breaker.observe(100, UINT64_MAX);
  for (int i = 0; i < 1000; ++i) breaker.record(kSecond, 1000 * kSecond, true);
  EXPECT_TRUE(breaker.allows(Priority::minor, 2 * kSecond));
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(BreakerTest, TriesWithAFewProbesAndCloses) {
  open();
  EXPECT_EQ(after(2 * kSecond - 1), State::open);
  EXPECT_EQ(after(1), State::half_open);
  EXPECT_FALSE(allows(Priority::minor));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(allows(Priority::call));
  EXPECT_FALSE(allows(Priority::call));
  record(9, kMillisecond);
  EXPECT_EQ(breaker_.state(), State::half_open);
  record(1, kMillisecond);
  EXPECT_EQ(breaker_.state(), State::closed);
  EXPECT_TRUE(allows(Priority::minor));
  EXPECT_EQ(after(kSecond), State::closed);
}

TEST_F(BreakerTest, BadProbesOpenItAgain) {
  open();
  after(2 * kSecond);
  record(7, kMillisecond);
  record(2, kSecond);
  record(1, kMillisecond, true);
  EXPECT_EQ(breaker_.state(), State::open);
  EXPECT_EQ(breaker_.opened(), 2u);
}

TEST_F(BreakerTest, ProbesThatNeverComeBackAreSentAgain) {
  open();
  after(2 * kSecond);
  while (allows(Priority::call)) continue;
  EXPECT_EQ(after(kSecond), State::half_open);
  EXPECT_FALSE(allows(Priority::call));
  after(kSecond);
  EXPECT_TRUE(allows(Priority::call));
}

TEST_F(BreakerTest, SaysHowLongToWait) {
  EXPECT_EQ(breaker_.retry_after_ns(now_ns_), kSecond);
  open();
  EXPECT_EQ(breaker_.retry_after_ns(now_ns_), 2 * kSecond);
  EXPECT_EQ(breaker_.retry_after_ns(now_ns_ + 1500 * kMillisecond), kSecond);
}

TEST(Breaker, IsNotOpenForMoreThanFiveSeconds) {
  BreakerLimits limits = kLimits;
  limits.open_ns = 60 * kSecond;
  Breaker breaker(limits);
  breaker.observe(1, 0);
  EXPECT_TRUE(breaker.allows(Priority::call, kSecond));
  EXPECT_FALSE(breaker.allows(Priority::call, 2 * kSecond));
  EXPECT_EQ(breaker.retry_after_ns(2 * kSecond), 5 * kSecond);
  EXPECT_TRUE(breaker.allows(Priority::call, 7 * kSecond));
}

// Whatever happens: the order of priorities holds, and calls get their chance again and again.
RC_GTEST_PROP(Breaker, KeepsTheOrderAndComesBack, ()) {
  Breaker breaker(kLimits);
  core::Nanos now_ns = kSecond, passed_ns = now_ns;
  for (int i = *rc::gen::inRange(0, 300); i > 0; --i) {
    now_ns += *rc::gen::inRange<core::Nanos>(0, kSecond);
    breaker.observe(*rc::gen::inRange(0, 2), 0);
    for (int j = *rc::gen::inRange(0, 60); j > 0; --j)
      breaker.record(now_ns, *rc::gen::element(kMillisecond, kSecond), false);
    RC_ASSERT(breaker.allows(Priority::vital, now_ns));
    const bool minor = breaker.allows(Priority::minor, now_ns);
    const bool call = breaker.allows(Priority::call, now_ns);
    RC_ASSERT(call || !minor);
    if (call) passed_ns = now_ns;
    // Open, and before that half open without probes left.
    RC_ASSERT(now_ns - passed_ns <= 2 * kLimits.open_ns + kSecond);
  }
}

}  // namespace
}  // namespace gauntlet::server
