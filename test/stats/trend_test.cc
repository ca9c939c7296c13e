#include "stats/trend.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/random.h"
#include "stats/median.h"

namespace gauntlet::stats {
namespace {

using Samples = std::vector<TrendSample>;

Samples line(std::size_t n, double slope, double offset = 0) {
  Samples samples;
  for (std::size_t i = 0; i < n; ++i) {
    const auto t = static_cast<double>(i);
    samples.push_back({t, offset + slope * t});
  }
  return samples;
}

Samples noisy_line(std::uint64_t seed, std::size_t n, double slope, double noise) {
  core::Random random(seed);
  auto samples = line(n, slope);
  for (auto& sample : samples) sample.y += noise * (random.uniform() - 0.5);
  return samples;
}

TEST(Median, OfFewAndOfNone) {
  std::vector<double> values{5, 1, 3};
  EXPECT_EQ(median_of(values), 3);
  values = {4, 1, 3, 2};
  EXPECT_EQ(median_of(values), 2.5);
  values = {7};
  EXPECT_EQ(median_of(values), 7);
  EXPECT_EQ(median_of({}), 0);
}

TEST(TheilSen, SaysNothingOfTooLittle) {
  EXPECT_FALSE(theil_sen({}));
  EXPECT_FALSE(theil_sen(line(kTrendSamplesMin - 1, 1)));
  EXPECT_TRUE(theil_sen(line(kTrendSamplesMin, 1)));
  EXPECT_FALSE(theil_sen(Samples(20, TrendSample{3, 4})));
}

TEST(TheilSen, AFlatSeriesHasNoSlope) {
  const auto trend = theil_sen(line(50, 0, 42));
  ASSERT_TRUE(trend);
  EXPECT_EQ(trend->slope, 0);
  EXPECT_EQ(trend->low, 0);
  EXPECT_EQ(trend->high, 0);
}

// Ranks of the interval by hand: ten samples, 45 slopes, variance 10 * 9 * 25 / 18 = 125, margin
// 1.96 * 11.18 = 21.9, so the 11th and the 35th slope.
TEST(TheilSen, TakesSensRanks) {
  Samples samples;
  for (int i = 0; i < 10; ++i) samples.push_back({std::pow(2.0, i), std::pow(4.0, i)});
  std::vector<double> slopes;  // of a pair (a, b): 2^a + 2^b, so all differ
  for (int b = 1; b < 10; ++b) {
    for (int a = 0; a < b; ++a) slopes.push_back(std::pow(2.0, a) + std::pow(2.0, b));
  }
  const auto trend = theil_sen(samples);
  ASSERT_TRUE(trend);
  EXPECT_EQ(trend->slope, slopes[22]);
  EXPECT_EQ(trend->low, slopes[10]);
  EXPECT_EQ(trend->high, slopes[34]);
}

TEST(TheilSen, EqualTimesMakeNoPairs) {
  auto samples = line(20, 2);
  const auto twice = samples;
  samples.insert(samples.end(), twice.begin(), twice.end());
  std::ranges::sort(samples, {}, &TrendSample::t);
  const auto trend = theil_sen(samples);
  ASSERT_TRUE(trend);
  EXPECT_DOUBLE_EQ(trend->slope, 2);
  EXPECT_DOUBLE_EQ(trend->low, 2);
}

// Five times of four samples: 160 pairs, variance 950 - 5 * 4 * 3 * 13 / 18 = 906.7, margin 59.02.
TEST(TheilSen, EqualTimesTakeFromTheVariance) {
  core::Random random(1);
  Samples samples;
  for (int i = 0; i < 20; ++i) samples.push_back({std::floor(i / 4.0), random.uniform()});
  std::vector<double> slopes;
  for (std::size_t b = 0; b < samples.size(); ++b) {
    for (std::size_t a = 0; a < b / 4 * 4; ++a) {
      slopes.push_back((samples[b].y - samples[a].y) / (samples[b].t - samples[a].t));
    }
  }
  std::ranges::sort(slopes);
  ASSERT_EQ(slopes.size(), 160U);
  const auto trend = theil_sen(samples);
  ASSERT_TRUE(trend);
  EXPECT_EQ(trend->low, slopes[49]);
  EXPECT_EQ(trend->high, slopes[110]);
}

TEST(TheilSen, LeavesOutWhatIsNotFinite) {
  auto samples = line(20, 2);
  samples[3].y = std::numeric_limits<double>::quiet_NaN();
  samples[7].y = std::numeric_limits<double>::infinity();
  const auto trend = theil_sen(samples);
  ASSERT_TRUE(trend);
  EXPECT_EQ(trend->samples, 18U);
  EXPECT_DOUBLE_EQ(trend->slope, 2);
  EXPECT_FALSE(theil_sen(Samples(20, {1, std::nan("")})));
}

TEST(TheilSen, ThinsALongSeries) {
  const auto trend = theil_sen(noisy_line(1, 86'400, 0.01, 50));
  ASSERT_TRUE(trend);
  EXPECT_EQ(trend->samples, kTrendSamplesMax);
  EXPECT_NEAR(trend->slope, 0.01, 1e-4);
}

// A period close to the stride of the thinning must not become a trend.
TEST(TheilSen, ThinningDoesNotAlias) {
  auto samples = line(2'000 * 44, 0);
  for (auto& sample : samples) sample.y = 100 * std::fmod(sample.t, 44.01) / 44.01;
  const auto trend = theil_sen(samples);
  ASSERT_TRUE(trend);
  EXPECT_LT(std::abs(trend->slope) * 2'000 * 44, 25);
}

// 1000 series of known slope: how often the interval holds it is binomial, 950 give or take 6.9.
TEST(TheilSen, TheIntervalHoldsTheSlopeAsOftenAsItSays) {
  int held = 0;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    const auto trend = theil_sen(noisy_line(seed, 40, 0.5, 10));
    held += trend->low <= 0.5 && 0.5 <= trend->high ? 1 : 0;
  }
  EXPECT_GE(held, 950 - 35);
  EXPECT_LE(held, 950 + 35);
}

TEST(TheilSen, MoreConfidenceIsWider) {
  const auto samples = noisy_line(1, 60, 0.5, 10);
  const auto narrow = theil_sen(samples, 0.8);
  const auto wide = theil_sen(samples, 0.99);
  EXPECT_LT(wide->low, narrow->low);
  EXPECT_GT(wide->high, narrow->high);
}

// A line whose noise remembers: the correlation of neighbours is `keep`.
Samples wandering_line(std::uint64_t seed, std::size_t n, double slope, double keep) {
  core::Random random(seed);
  auto samples = line(n, slope);
  double noise = 0;
  for (std::size_t i = 0; i < 100; ++i) noise = keep * noise + random.uniform() - 0.5;
  for (auto& sample : samples) {
    noise = keep * noise + random.uniform() - 0.5;
    sample.y += noise;
  }
  return samples;
}

int held_of_1000(double keep, auto trend_of) {
  int held = 0;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    const auto trend = trend_of(wandering_line(seed, 60, 0.5, keep));
    held += trend->low <= 0.5 && 0.5 <= trend->high ? 1 : 0;
  }
  return held;
}

// Whoever takes neighbours for independent is often wrong; the interval that allows for them holds
// the slope nearly as often as it says.
TEST(TheilSenCorrelated, HoldsTheSlopeWhereNeighboursResembleEachOther) {
  const auto independent = [](const Samples& s) { return theil_sen(s); };
  const auto correlated = [](const Samples& s) { return theil_sen_correlated(s); };
  EXPECT_LT(held_of_1000(0.8, independent), 700);
  EXPECT_GT(held_of_1000(0.8, correlated), 900);
  EXPECT_GT(held_of_1000(0.5, correlated), 910);
  EXPECT_GT(held_of_1000(0, correlated), 925);
}

TEST(TheilSenCorrelated, CountsWhatTheSamplesAreWorth) {
  const auto loose = theil_sen_correlated(wandering_line(1, 500, 0.5, 0));
  const auto tied = theil_sen_correlated(wandering_line(1, 500, 0.5, 0.9));
  EXPECT_GT(loose->effective, 350);
  EXPECT_LT(tied->effective, 60);  // 500 (1 - 0.9) / (1 + 0.9) is 26
  EXPECT_EQ(tied->slope, theil_sen(wandering_line(1, 500, 0.5, 0.9))->slope);
  EXPECT_GT(tied->effective, 10);
}

// By hand: n = 12, residuals +1 -1 by turns (their correlation is negative, so all 12 count), and
// a slope of 0: 2.228 (Student's, 10) sqrt(12 / 10) sqrt(12 / 12) / 11 = 0.2219.
TEST(TheilSenCorrelated, BoundsByHand) {
  Samples samples;
  for (int i = 0; i < 12; ++i) samples.push_back({i * 1.0, i % 2 == 0 ? 1.0 : -1.0});
  const auto trend = theil_sen_correlated(samples);
  ASSERT_TRUE(trend);
  EXPECT_EQ(trend->effective, 12);
  EXPECT_NEAR(trend->slope, 0, 1e-12);
  EXPECT_NEAR(trend->high, 0.2219, 1e-3);
  EXPECT_NEAR(trend->low, -0.2219, 1e-3);
}

TEST(TheilSenCorrelated, OneWaveIsNoTrend) {
  Samples samples;
  for (int i = 0; i < 20; ++i) samples.push_back({i * 1.0, std::sin(i * 0.3)});
  const auto trend = theil_sen_correlated(samples);
  ASSERT_TRUE(trend);
  EXPECT_LT(trend->effective, 3);
  EXPECT_LT(trend->low, 0);
  EXPECT_GT(trend->high, 0);
}

TEST(TheilSenCorrelated, AFlatSeriesHasNoSlope) {
  const auto trend = theil_sen_correlated(line(50, 0, 42));
  ASSERT_TRUE(trend);
  EXPECT_EQ(trend->slope, 0);
  EXPECT_EQ(trend->low, 0);
  EXPECT_EQ(trend->high, 0);
}

RC_GTEST_PROP(TheilSen, FindsASlopeAmongOutliers, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(kTrendSamplesMin, 60);
  const double slope = *rc::gen::inRange(-1'000, 1'000) / 8.0;
  auto samples = line(n, slope);
  // Each outlier spoils less than n of n(n-1)/2 pairs: one sample in five leaves most untouched.
  for (std::size_t i = 0; i < n / 5; ++i) {
    samples[*rc::gen::inRange<std::size_t>(0, n)].y += *rc::gen::inRange(-100'000, 100'000);
  }
  const auto trend = theil_sen(samples);
  RC_ASSERT(trend.has_value());
  RC_ASSERT(trend->slope == slope);
  RC_ASSERT(trend->low <= slope && slope <= trend->high);
}

}  // namespace
}  // namespace gauntlet::stats
