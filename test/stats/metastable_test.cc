// What recovery_of() says beyond "recovered or not": detection, the interval, reduced load.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string_view>
#include <vector>

#include "stats/recovery.h"

namespace gauntlet::stats {
namespace {

using Windows = std::vector<RecoveryWindow>;

RecoveryWindow good_window(double t, double factor = 1) {
  return {.t = t, .goodput = 1000 * factor, .scheduled = 1000 * factor, .load_factor = factor};
}

// One window a letter from second 10 on: 'g'ood, 'b'ad, and the same at half the load: 'h'ealthy,
// 'i'll.
Windows story(std::string_view letters) {
  Windows windows;
  double t = 10;
  for (const char letter : letters) {
    windows.push_back(good_window(++t, letter == 'h' || letter == 'i' ? 0.5 : 1));
    if (letter == 'b' || letter == 'i') windows.back().goodput /= 4;
  }
  return windows;
}

Windows steady(double shift = 0) {
  Windows windows;
  for (int t = 1; t <= 10; ++t) windows.push_back(good_window(t + shift));
  return windows;
}

Recovery judge(std::string_view letters) {
  return recovery_of(steady(), story(letters), 10.5, 11.5, {});
}

TEST(Metastable, IsWhatLessLoadEnds) {
  const auto recovery = judge("bbbbbbbbhhhhh");
  EXPECT_EQ(recovery.status, RecoveryStatus::never);
  EXPECT_TRUE(recovery.metastable);
  EXPECT_DOUBLE_EQ(recovery.censored->since_start_s, 7.5) << "less load is not looked at";
}

TEST(Metastable, IsNotWhatRecoversAtUnchangedLoad) {
  const auto recovery = judge("bbbgggggghhhhhh");
  EXPECT_EQ(recovery.status, RecoveryStatus::recovered);
  EXPECT_FALSE(recovery.metastable);
  EXPECT_EQ(recovery.relapses, 0U) << "less goodput of less load is no relapse";
}

TEST(Metastable, IsNotWhatStaysIllAtHalfTheLoad) {
  const auto recovery = judge("bbbbbbbbiiiiiiii");
  EXPECT_EQ(recovery.status, RecoveryStatus::never);
  EXPECT_FALSE(recovery.metastable);
}

TEST(Metastable, CannotBeToldWithoutUnchangedLoadAfterTheFault) {
  EXPECT_EQ(judge("bbhhhhhh").status, RecoveryStatus::too_short);
  EXPECT_FALSE(judge("bbhhhhhh").metastable);
}

TEST(Detection, IsTheFirstSignal) {
  auto since = story("ggbbggggg");
  since[1].signal_s = 11.3;
  EXPECT_EQ(recovery_of(steady(), since, 10.5, 13, {}).detected_s, 11.3 - 10.5);
}

TEST(Detection, DoesNotCountWhatWasThereBefore) {
  auto before = steady();
  before[4].signal_s = 4.5;
  auto since = story("ggbbggggg");
  since[1].signal_s = 11.3;
  since[2].errors = 100;
  EXPECT_EQ(recovery_of(before, since, 10.5, 13, {}).detected_s, 13 - 10.5)
      << "the end of the first second with errors";
}

TEST(Detection, IsNothingWithoutASignal) { EXPECT_FALSE(judge("gggggggg").detected_s); }

TEST(Interval, BeginsWithTheLastBadWindow) {
  const auto recovery = judge("bbbbggggg");
  ASSERT_TRUE(recovery.recovered && recovery.recovered_earliest);
  EXPECT_DOUBLE_EQ(recovery.recovered->since_start_s, 3.5);
  EXPECT_DOUBLE_EQ(recovery.recovered_earliest->since_start_s, 2.5);
}

rc::Gen<std::string> any_story() {
  return rc::gen::container<std::string>(
      rc::gen::weightedElement<char>({{6, 'g'}, {3, 'b'}, {1, 'h'}, {1, 'i'}}));
}

RC_GTEST_PROP(RecoveryProperty, MetastableIsNeverRecovered, ()) {
  const auto recovery = judge(*any_story());
  if (recovery.metastable) RC_ASSERT(recovery.status == RecoveryStatus::never);
  if (recovery.recovered) {
    RC_ASSERT(recovery.recovered_earliest.has_value());
    RC_ASSERT(recovery.recovered_earliest->since_start_s <= recovery.recovered->since_start_s);
    RC_ASSERT(recovery.recovered_earliest->since_end_s <= recovery.recovered->since_end_s);
  }
}

RC_GTEST_PROP(RecoveryProperty, DoesNotDependOnWhenItWas, ()) {
  const auto letters = *any_story();
  const auto shift = static_cast<double>(*rc::gen::inRange(0, 1 << 20));
  auto since = story(letters);
  for (auto& window : since) window.t += shift;
  const auto here = judge(letters);
  const auto there = recovery_of(steady(shift), since, 10.5 + shift, 11.5 + shift, {});
  RC_ASSERT(here.status == there.status);
  RC_ASSERT(here.relapses == there.relapses && here.metastable == there.metastable);
  if (here.recovered) RC_ASSERT(here.recovered->since_start_s == there.recovered->since_start_s);
}

RC_GTEST_PROP(RecoveryProperty, WhatComesUnderLessLoadChangesNothingBefore, ()) {
  const auto letters = 'b' + *any_story();  // its first second is the fault's own
  const auto unchanged = letters.substr(0, letters.find_first_of("hi"));
  const auto whole = judge(letters), part = judge(unchanged);
  RC_ASSERT(whole.status == part.status);
  RC_ASSERT(whole.relapses == part.relapses);
}

}  // namespace
}  // namespace gauntlet::stats
