#include "run/slices.h"

#include <gtest/gtest.h>

#include "run/limit.h"
#include "run/measured.h"

namespace gauntlet::run {
namespace {

Record record_of(core::Nanos length, int until_s) {
  Record record;
  record.plan.phases = {{"warmup", 10 * core::kSecond, false}, {"steady", length, true}};
  record.phase_start_s = {0, 10};
  stats::Histogram histogram;
  histogram.record_us(1000);
  for (int t = 1; t <= until_s; ++t) {
    record.seconds.emplace_back();
    record.seconds.back().t = t;
    record.seconds.back().counts.completed = 1;
    record.histograms.push_back({.t = static_cast<double>(t),
                                 .response = histogram.encode_v2_compressed(),
                                 .service = {},
                                 .send_lag = {}});
    record.memory.push_back({static_cast<double>(t), static_cast<double>(t), {}});
  }
  return record;
}

TEST(Slices, AreTenthsOfAShortRun) {
  const auto slices = slices_of(record_of(100 * core::kSecond, 110));
  ASSERT_EQ(slices.size(), 10U);
  for (const auto& slice : slices) {
    EXPECT_DOUBLE_EQ(slice.end_s - slice.start_s, 10);
    EXPECT_EQ(slice.counts.completed, 10U);
    EXPECT_EQ(slice.response.count(), 10U);
    EXPECT_EQ(slice.memory_mb, slice.end_s);
    EXPECT_EQ(slice.descriptors, std::nullopt);
  }
  EXPECT_DOUBLE_EQ(slices.front().start_s, 10) << "the warm-up is in none";
}

TEST(Slices, AreHoursOfALongOne) {
  EXPECT_DOUBLE_EQ(slice_s(record_of(86'400 * core::kSecond, 0).plan), 3600);
  EXPECT_DOUBLE_EQ(slice_s(record_of(3600 * core::kSecond, 0).plan), 360);
}

TEST(Slices, EndWhereTheRunDid) {
  const auto slices = slices_of(record_of(100 * core::kSecond, 35));
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_DOUBLE_EQ(slices.back().end_s, 35);
  EXPECT_EQ(slices.back().counts.completed, 5U);
  EXPECT_TRUE(slices_of(record_of(100 * core::kSecond, 5)).empty());
}

TEST(Slices, MinutesBelongToTheSliceInWhichTheyEnd) {
  Record record = record_of(36'000 * core::kSecond, 0);
  for (int t = 70; t <= 36'010; t += 60) {
    record.seconds.emplace_back();
    record.seconds.back().t = t;
    record.seconds.back().length = 60;
    record.seconds.back().counts.completed = 60;
  }
  const auto slices = slices_of(record);
  ASSERT_EQ(slices.size(), 10U);
  for (const auto& slice : slices) EXPECT_EQ(slice.counts.completed, 3600U);
}

TEST(Slices, AreToldOfSuitesThatJudgeALongRun) {
  Plan plan;
  plan.tests.emplace_back();
  plan.tests[0].limits = {*parse_limit("p95 < 1s")};
  EXPECT_FALSE(is_soak(plan));
  plan.tests[0].limits.push_back(*parse_limit("memory_drift < 500MB"));
  EXPECT_TRUE(is_soak(plan));
}

TEST(Slices, AGapIsNoneOfTheirTime) {
  Record record = record_of(100 * core::kSecond, 35);
  record.gaps = {{.start_s = 35, .end_s = 75, .phase = 1, .undecided = 0, .how = "died"}};
  for (int t = 76; t <= 150; ++t) {
    record.seconds.emplace_back();
    record.seconds.back().t = t;
    record.seconds.back().counts.completed = 1;
  }
  const auto slices = slices_of(record);
  ASSERT_EQ(slices.size(), 14U);
  EXPECT_DOUBLE_EQ(slices.front().gap_s, 0);
  EXPECT_DOUBLE_EQ(slices[2].gap_s, 5);
  EXPECT_DOUBLE_EQ(slices[3].gap_s, 10);
  EXPECT_DOUBLE_EQ(slices[6].gap_s, 5);
  EXPECT_DOUBLE_EQ(slices.back().end_s, 150);
  const auto measured = measure(record);
  EXPECT_TRUE(measured.complete) << "the phase is as much longer";
  EXPECT_DOUBLE_EQ(measured.length_s(), 100);
}

}  // namespace
}  // namespace gauntlet::run
