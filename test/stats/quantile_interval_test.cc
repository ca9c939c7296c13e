#include "stats/quantile_interval.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include <boost/math/distributions/binomial.hpp>

#include "core/random.h"

namespace gauntlet::stats {
namespace {

Histogram one_to(std::uint64_t n) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= n; ++value) histogram.record_us(value);
  return histogram;
}

// Ranks of the 95 % interval of the median in Le Boudec's appendix A.
TEST(QuantileInterval, HasTheRanksOfTheTables) {
  struct Row {
    std::uint64_t n, j, k;
  };
  for (const auto& [n, j, k] : {Row{6, 1, 6}, Row{10, 2, 9}, Row{20, 6, 15}, Row{100, 40, 61}}) {
    const auto interval = quantile_interval(one_to(n), 0.5);
    ASSERT_TRUE(interval) << n;
    EXPECT_EQ(interval->lo_us, j) << n;
    EXPECT_EQ(interval->hi_us, k) << n;
  }
}

TEST(QuantileInterval, SaysNothingOfTooLittle) {
  EXPECT_FALSE(quantile_interval(Histogram(), 0.5));
  EXPECT_FALSE(quantile_interval(one_to(1), 0.5));
  EXPECT_FALSE(quantile_interval(one_to(5), 0.5));
  EXPECT_FALSE(quantile_interval(one_to(100), 0.99));
  EXPECT_TRUE(quantile_interval(one_to(1'000), 0.99));
}

TEST(QuantileInterval, OfOneValueIsThatValue) {
  Histogram histogram;
  histogram.record_us(7, 1'000'000);
  const auto interval = quantile_interval(histogram, 0.999);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->lo_us, 7U);
  EXPECT_EQ(interval->hi_us, 7U);
}

TEST(QuantileInterval, StandsADayOfSamples) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1'000; ++value) histogram.record_us(value, 43'200'000);
  const auto interval = quantile_interval(histogram, 0.999);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->lo_us, 999U);
  EXPECT_EQ(interval->hi_us, 1000U);
}

TEST(QuantileInterval, HoldsTheQuantileAtLeastAsOftenAsItSays) {
  int held = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    core::Random random(seed);
    Histogram histogram;
    for (int i = 0; i < 200; ++i) histogram.record_us(1 + random.below(1'000));
    const auto interval = quantile_interval(histogram, 0.9);
    held += interval->lo_us <= 900 && 900 <= interval->hi_us ? 1 : 0;
  }
  EXPECT_GE(held, 475 - 25);  // 475 expected, standard deviation 4.9
}

RC_GTEST_PROP(QuantileInterval, CoversWhatItPromisesAndNoRankMore, ()) {
  const auto n = *rc::gen::inRange<std::uint64_t>(1, 2'000);
  const double q = *rc::gen::inRange(1, 100) / 100.0;
  const auto interval = quantile_interval(one_to(n), q);
  const boost::math::binomial below(static_cast<double>(n), q);
  const auto tail_low = [&](std::uint64_t j) { return cdf(below, static_cast<double>(j) - 1); };
  const auto tail_high = [&](std::uint64_t k) {
    return cdf(complement(below, static_cast<double>(k) - 1));
  };
  if (!interval) {
    RC_ASSERT(tail_low(1) > 0.025 || tail_high(n) > 0.025);
    return;
  }
  RC_ASSERT(tail_low(interval->lo_us) <= 0.025);
  RC_ASSERT(tail_high(interval->hi_us) <= 0.025);
  RC_ASSERT(tail_low(interval->lo_us + 1) > 0.025);
  RC_ASSERT(tail_high(interval->hi_us - 1) > 0.025);
}

TEST(EnoughSamples, WantsTenBeyond) {
  EXPECT_FALSE(enough_samples(0.9, 99));
  EXPECT_TRUE(enough_samples(0.9, 100));
  EXPECT_FALSE(enough_samples(0.99, 999));
  EXPECT_TRUE(enough_samples(0.99, 1'000));
  EXPECT_FALSE(enough_samples(0.999, 9'999));
  EXPECT_TRUE(enough_samples(0.999, 10'000));
  EXPECT_FALSE(enough_samples(0.5, 0));
  EXPECT_FALSE(enough_samples(1, 1'000'000'000));
}

TEST(QuantileBounds, AreTheIntervalWhereThereIsOne) {
  Histogram histogram;
  for (std::uint64_t us = 1; us <= 1000; ++us) histogram.record_us(us);
  const auto interval = quantile_interval(histogram, 0.9, 0.99);
  const auto bounds = quantile_bounds(histogram, 0.9, 0.99, 1);
  ASSERT_TRUE(interval);
  EXPECT_DOUBLE_EQ(bounds.low_ms, static_cast<double>(interval->lo_us) / 1e3);
  EXPECT_DOUBLE_EQ(bounds.high_ms, static_cast<double>(interval->hi_us) / 1e3);
}

TEST(QuantileBounds, AreOpenWhereSamplesAreTooFew) {
  Histogram histogram;
  EXPECT_EQ(quantile_bounds(histogram, 0.5, 0.99, 1).low_ms, 0);
  EXPECT_EQ(quantile_bounds(histogram, 0.5, 0.99, 1).high_ms,
            std::numeric_limits<double>::infinity());
  histogram.record_us(2000, 100);
  EXPECT_EQ(quantile_bounds(histogram, 0.99, 0.99, 1).low_ms, 2) << "a lower one there is";
  EXPECT_EQ(quantile_bounds(histogram, 0.99, 0.99, 1).high_ms,
            std::numeric_limits<double>::infinity());
}

TEST(QuantileBounds, GroupsCountAsOneSample) {
  Histogram each, tenfold;
  for (std::uint64_t us = 1; us <= 1000; ++us) {
    each.record_us(us);
    tenfold.record_us(us, 10);
  }
  const auto of_each = quantile_bounds(each, 0.9, 0.99, 1);
  const auto of_groups = quantile_bounds(tenfold, 0.9, 0.99, 10);
  EXPECT_DOUBLE_EQ(of_groups.low_ms, of_each.low_ms);
  EXPECT_DOUBLE_EQ(of_groups.high_ms, of_each.high_ms);
  EXPECT_LT(quantile_bounds(tenfold, 0.9, 0.99, 1).high_ms, of_groups.high_ms);
}

}  // namespace
}  // namespace gauntlet::stats
