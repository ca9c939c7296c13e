#include "core/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

namespace gauntlet::core {
namespace {

constexpr int kDraws = 100'000;

TEST(Random, SplitMixFollowsItsReference) {
  std::uint64_t state = 1234567;
  EXPECT_EQ(split_mix_64(state), 6457827717110365317ULL);
  EXPECT_EQ(split_mix_64(state), 3203168211198807973ULL);
}

// From an implementation of its own that gives the published 11520, 0, 1509978240 for the state
// 1, 2, 3, 4.
TEST(Random, XoshiroFollowsItsReference) {
  Random random(0);
  EXPECT_EQ(random.next(), 11091344671253066420ULL);
  EXPECT_EQ(random.next(), 13793997310169335082ULL);
  EXPECT_EQ(random.next(), 1900383378846508768ULL);
}

TEST(Random, RepeatsFromItsSeed) {
  Random a(42);
  Random b(42);
  Random c(43);
  int differ = 0;
  for (int i = 0; i < 100; ++i) {
    const auto drawn = a.next();
    EXPECT_EQ(drawn, b.next());
    differ += drawn != c.next() ? 1 : 0;
  }
  EXPECT_EQ(differ, 100);
}

TEST(Random, ForksDoNotDependOnOrder) {
  const Random parent(7);
  Random first = parent.fork(1);
  const auto of_first = first.next();
  Random again = parent.fork(2);
  again = parent.fork(1);
  EXPECT_EQ(again.next(), of_first);
}

TEST(Random, ForksDiffer) {
  const Random parent(7);
  std::set<std::uint64_t> firsts{Random(7).next()};
  for (std::uint64_t part = 0; part < 1'000; ++part) firsts.insert(parent.fork(part).next());
  EXPECT_EQ(firsts.size(), 1'001U);
}

// The correlation of n independent pairs has standard deviation 1/sqrt(n): 5 of those.
TEST(Random, ForksAreUncorrelated) {
  const Random parent(7);
  Random a = parent.fork(1);
  Random b = parent.fork(2);
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  EXPECT_LT(std::abs(sum / kDraws * 12), 5 / std::sqrt(kDraws));
}

TEST(Random, UniformCoversTheUnitInterval) {
  Random random(1);
  double low = 1;
  double high = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    low = std::min(low, u);
    high = std::max(high, u);
  }
  EXPECT_GE(low, 0);
  EXPECT_LT(low, 0.001);
  EXPECT_LT(high, 1);
  EXPECT_GT(high, 0.999);
}

TEST(Random, BelowHitsEveryValueEvenly) {
  Random random(1);
  std::array<int, 10> hits{};
  for (int i = 0; i < kDraws; ++i) ++hits[random.below(hits.size())];
  const double sigma = std::sqrt(kDraws * 0.1 * 0.9);
  for (const int n : hits) EXPECT_NEAR(n, kDraws / 10, 5 * sigma);
}

TEST(Random, BelowOneIsZero) { EXPECT_EQ(Random(3).below(1), 0U); }

TEST(Random, ExponentialHasItsMeanAndDeviation) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.exponential(2.5);
    ASSERT_GE(x, 0);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  EXPECT_NEAR(mean, 2.5, 3 * 2.5 / std::sqrt(kDraws));
  EXPECT_NEAR(std::sqrt(squares / kDraws - mean * mean), 2.5, 0.1);
}

}  // namespace
}  // namespace gauntlet::core
