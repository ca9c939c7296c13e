#include "stats/drift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "stats/simulated_soak.h"

namespace gauntlet::stats {
namespace {

constexpr int kRuns = 20;

constexpr int kHourS = 3600;

// In how many of twenty seeded runs of an hour growth was shown.
int shown_in(const SimulatedSoak& soak, DriftOf of, double above_per_min = 0) {
  int shown = 0;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const auto drift = drift_of(samples_of(soak, seed, kHourS), of);
    shown += drift && drift->trend.low * 60 > above_per_min ? 1 : 0;
  }
  return shown;
}

SimulatedSoak memory(double leak_per_min, double tooth) {
  return {.leak_per_min = leak_per_min,
          .base = 300,
          .warm_up = 100,
          .noise = 2,
          .memory_s = 10,
          .tooth = tooth,
          .tooth_s = 45};
}

TEST(Drift, LeaksAreFound) {
  EXPECT_GE(shown_in(memory(1, 0), DriftOf::lower_envelope), 19);
  EXPECT_GE(shown_in(memory(5, 0), DriftOf::lower_envelope), 19);
  EXPECT_GE(shown_in(memory(50, 0), DriftOf::lower_envelope, 25), 19);
}

TEST(Drift, TeethOfASawHideNoLeakAndAreNone) {
  EXPECT_GE(shown_in(memory(5, 80), DriftOf::lower_envelope), 19);
  EXPECT_LE(shown_in(memory(0, 80), DriftOf::lower_envelope), 1);
}

TEST(Drift, ServersWithoutALeakAreNotAccused) {
  EXPECT_LE(shown_in(memory(0, 0), DriftOf::lower_envelope), 1);
  const SimulatedSoak wandering{.base = 20, .noise = 1, .memory_s = 20, .spike = 30};
  EXPECT_LE(shown_in(wandering, DriftOf::level), 1);
}

TEST(Drift, OfP95AndOfThingsCounted) {
  const SimulatedSoak p95{.leak_per_min = 1, .base = 20, .noise = 1, .memory_s = 20, .spike = 30};
  EXPECT_GE(shown_in(p95, DriftOf::level), 19);
  const SimulatedSoak descriptors{
      .leak_per_min = 1, .base = 1'020, .noise = 2, .memory_s = 5, .whole = true};
  EXPECT_GE(shown_in(descriptors, DriftOf::lower_envelope), 19);
}

// What a run says that it could have seen, it would have: leaks of that size, nine in ten.
TEST(Drift, TheSmallestThatItCouldSeeIsSeenNineTimesInTen) {
  int seen = 0;
  constexpr int kSeeds = 200;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    auto soak = memory(0, 0);
    const auto without = drift_of(samples_of(soak, seed, kHourS), DriftOf::lower_envelope);
    ASSERT_TRUE(without);
    soak.leak_per_min = without->smallest * 60;
    const auto with = drift_of(samples_of(soak, seed + kSeeds, kHourS), DriftOf::lower_envelope);
    seen += with->trend.low > 0 ? 1 : 0;
  }
  RecordProperty("seen", seen);
  EXPECT_GE(seen, kSeeds * 85 / 100);
  EXPECT_LT(seen, kSeeds) << "it could have seen smaller ones";
}

TEST(Drift, SaysNothingOfTooLittle) {
  const std::vector<TrendSample> same(50, TrendSample{3, 4});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(drift_of({}, DriftOf::level));
  EXPECT_FALSE(drift_of(same, DriftOf::level));
  EXPECT_FALSE(drift_of(std::vector<TrendSample>(50, {1, nan}), DriftOf::lower_envelope));
  EXPECT_FALSE(drift_of(samples_of({.noise = 1}, 1, kTrendSamplesMin - 1), DriftOf::level));
  EXPECT_TRUE(drift_of(samples_of({.noise = 1}, 1, 3 * kTrendSamplesMin), DriftOf::level));
}

TEST(Drift, AConstantHasNoneAndSaysSo) {
  const auto drift = drift_of(samples_of({.base = 50}, 1, 600), DriftOf::lower_envelope);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->trend.slope, 0);
  EXPECT_EQ(drift->trend.low, 0);
  EXPECT_EQ(drift->trend.high, 0);
}

TEST(Drift, MinimaKeepTheirTimes) {
  const std::vector<TrendSample> samples = {{0, 5}, {1, 3}, {2, 4}, {3, 9}, {8, 2}};
  const auto minima = window_minima(samples, 3);
  ASSERT_EQ(minima.size(), 3U) << "nothing stands in for a window without samples";
  EXPECT_EQ(minima[0].t, 1);
  EXPECT_EQ(minima[0].y, 3);
  EXPECT_EQ(minima[1].y, 9);
  EXPECT_EQ(minima[2].t, 8);
  const auto medians = window_medians(samples, 3);
  EXPECT_EQ(medians[0].t, 1);
  EXPECT_EQ(medians[0].y, 4);
}

// Where the teeth are so long that there are few of them, the bounds say how little is known.
TEST(Drift, AFewLongTeethWidenTheBounds) {
  auto soak = memory(0, 80);
  soak.tooth_s = 200;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const auto drift = drift_of(samples_of(soak, seed, 600), DriftOf::lower_envelope);
    ASSERT_TRUE(drift);
    EXPECT_GT(drift->smallest * 60, 2) << "MB a minute";
  }
}

TEST(Drift, TheWarmUpDoesNotCountAlsoWhereALeakFollows) {
  for (const double leak : {0.0, 5.0}) {
    const auto drift = drift_of(samples_of(memory(leak, 0), 7, kHourS), DriftOf::lower_envelope);
    ASSERT_TRUE(drift);
    EXPECT_GT(drift->from, 60) << "a seventh is left of 100 MB";
    EXPECT_LT(drift->from, kHourS / 2.0);
    EXPECT_NEAR(drift->trend.slope * 60, leak, 0.1);
  }
}

}  // namespace
}  // namespace gauntlet::stats
