#include "stats/binomial.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace gauntlet::stats {
namespace {

TEST(Binomial, KnownIntervals) {
  // R: qbinom(c(.005, .995), 6404, .02) is 100 158; the bounds are rounded outwards, by at most 1.
  const auto loss = binomial_interval(6404, 0.02, 0.99);
  EXPECT_NEAR(static_cast<double>(loss.lo), 100, 1);
  EXPECT_NEAR(static_cast<double>(loss.hi), 158, 1);
  EXPECT_TRUE(loss.contains(124));
  EXPECT_FALSE(loss.contains(64)) << "half of it";
  EXPECT_FALSE(loss.contains(256)) << "twice of it";
}

TEST(Binomial, Extremes) {
  EXPECT_TRUE(binomial_interval(0, 0.5, 0.99).contains(0));
  EXPECT_EQ(binomial_interval(100, 0, 0.99).hi, 0U);
  EXPECT_EQ(binomial_interval(100, 1, 0.99).lo, 100U);
}

TEST(Binomial, HoldsAtLeastItsShareOfDraws) {
  core::Random random(7);
  const auto interval = binomial_interval(500, 0.1, 0.9);
  int inside = 0;
  for (int run = 0; run < 2000; ++run) {
    std::uint64_t hits = 0;
    for (int i = 0; i < 500; ++i) hits += random.uniform() < 0.1 ? 1 : 0;
    inside += interval.contains(hits) ? 1 : 0;
  }
  EXPECT_GE(inside, 1800) << "of 2000";
  EXPECT_LE(inside, 1920) << "of 2000";
}

}  // namespace
}  // namespace gauntlet::stats
