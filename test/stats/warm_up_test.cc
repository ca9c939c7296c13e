#include "stats/warm_up.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "stats/simulated_soak.h"

namespace gauntlet::stats {
namespace {

std::vector<double> values_of(const SimulatedSoak& soak, std::uint64_t seed, int length_s) {
  std::vector<double> values;
  for (const auto& sample : samples_of(soak, seed, length_s)) values.push_back(sample.y);
  return values;
}

TEST(WarmUp, SaysNothingOfTooLittle) {
  EXPECT_EQ(warm_up_of({}).status, WarmUpStatus::too_short);
  EXPECT_EQ(warm_up_of(std::vector<double>(kWarmUpSamplesMin - 1, 1)).status,
            WarmUpStatus::too_short);
  EXPECT_EQ(warm_up_of(std::vector<double>(kWarmUpSamplesMin, 1)).status, WarmUpStatus::steady);
}

TEST(WarmUp, AConstantIsSteadyFromItsBeginning) {
  const auto warm_up = warm_up_of(std::vector<double>(1'000, 7));
  EXPECT_EQ(warm_up.status, WarmUpStatus::steady);
  EXPECT_EQ(warm_up.begin, 0U);
}

// By hand: a level of 10 for 4 batches, then exactly 0: the variance is 0 from there on.
TEST(WarmUp, CutsAStepWhereItIs) {
  std::vector<double> values(200, 0);
  std::fill_n(values.begin(), 4 * kWarmUpBatch, 10);
  const auto warm_up = warm_up_of(values);
  EXPECT_EQ(warm_up.status, WarmUpStatus::steady);
  EXPECT_EQ(warm_up.begin, 4 * kWarmUpBatch);
}

TEST(WarmUp, FindsTheEndOfAWarmUp) {
  const SimulatedSoak soak{.base = 100, .warm_up = -60, .warm_up_s = 30, .noise = 3};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto warm_up = warm_up_of(values_of(soak, seed, 600));
    EXPECT_EQ(warm_up.status, WarmUpStatus::steady) << seed;
    EXPECT_GE(warm_up.begin, 45U) << seed;   // 13 left of 60
    EXPECT_LE(warm_up.begin, 200U) << seed;  // 0.08 left
  }
}

TEST(WarmUp, WhatDriftsOrChangesLateIsNeverSteady) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const SimulatedSoak drifting{.leak_per_min = 10, .base = 100, .noise = 3};
    EXPECT_EQ(warm_up_of(values_of(drifting, seed, 600)).status, WarmUpStatus::never) << seed;
    auto late = values_of({.base = 100, .noise = 3}, seed, 600);
    for (std::size_t i = 400; i < late.size(); ++i) late[i] += 20;
    EXPECT_EQ(warm_up_of(late).status, WarmUpStatus::never) << seed;
  }
}

TEST(WarmUp, NoiseAloneIsSteady) {
  int steady = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto warm_up = warm_up_of(values_of({.base = 100, .noise = 3}, seed, 600));
    steady += warm_up.status == WarmUpStatus::steady ? 1 : 0;
  }
  EXPECT_GE(steady, 95);
}

RC_GTEST_PROP(WarmUp, DoesNotDependOnUnitsAndCutsNoMoreThanHalf, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(kWarmUpSamplesMin, 400);
  std::vector<double> values, scaled;
  for (std::size_t i = 0; i < n; ++i) {
    values.push_back(*rc::gen::inRange(-1'000, 1'000));
    scaled.push_back(8 * values.back());
  }
  const auto warm_up = warm_up_of(values);
  RC_ASSERT(warm_up.begin <= n / 2);
  RC_ASSERT(warm_up.begin == warm_up_of(scaled).begin);
  RC_ASSERT(warm_up.status == warm_up_of(scaled).status);
}

}  // namespace
}  // namespace gauntlet::stats
