#include "stats/recovery.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string_view>
#include <vector>

namespace gauntlet::stats {
namespace {

using Windows = std::vector<RecoveryWindow>;

const RecoveryRule kRule{.p99_limit_ms = 150};

RecoveryWindow good_window(double t) {
  return {.t = t, .goodput = 1000, .scheduled = 1000, .errors = 0, .p99_ms = 20, .outstanding = 5};
}

Windows good_windows(double from, int count) {
  Windows windows;
  for (int i = 1; i <= count; ++i) windows.push_back(good_window(from + i));
  return windows;
}

// One window a letter, from second 10 on: 'g'ood, 'b'ad (half the goodput), 'e'rrors, 'v'ictims
// missing, 's'low, 'q'ueued up.
Windows story(std::string_view letters) {
  Windows windows;
  double t = 10;
  for (const char letter : letters) {
    auto window = good_window(++t);
    if (letter == 'b') window.goodput = 500;
    if (letter == 'e') window.errors = 20;
    if (letter == 'v') window.victims_back = false;
    if (letter == 's') window.p99_ms = 151;
    if (letter == 'q') window.outstanding = 30;
    windows.push_back(window);
  }
  return windows;
}

// Ten good windows before; the fault begins at 10.5 s and ends at 11.5 s.
Recovery judge(std::string_view letters) {
  return recovery_of(good_windows(0, 10), story(letters), 10.5, 11.5, kRule);
}

TEST(Recovery, IsTheStartOfTheFirstGoodRun) {
  const auto recovery = judge("bbbbggggg");
  EXPECT_EQ(recovery.status, RecoveryStatus::recovered);
  ASSERT_TRUE(recovery.recovered);
  EXPECT_DOUBLE_EQ(recovery.recovered->since_start_s, 3.5);
  EXPECT_DOUBLE_EQ(recovery.recovered->since_end_s, 2.5);
  EXPECT_FALSE(recovery.censored);
  EXPECT_EQ(recovery.relapses, 0U);
}

TEST(Recovery, TakesEveryKindOfBadWindow) {
  for (const auto* letters : {"bbbgggg", "beegggggg", "bvvgggggg", "bssgggggg", "bqqgggggg"}) {
    const auto recovery = judge(letters);
    if (std::string_view(letters).size() == 7) {
      EXPECT_EQ(recovery.status, RecoveryStatus::never) << letters;
    } else {
      ASSERT_TRUE(recovery.recovered) << letters;
      EXPECT_DOUBLE_EQ(recovery.recovered->since_end_s, 1.5) << letters;
    }
  }
}

TEST(Recovery, NeverIsNotAnyTimeAtAll) {
  const auto recovery = judge("bbbbbbbbbb");
  EXPECT_EQ(recovery.status, RecoveryStatus::never);
  EXPECT_FALSE(recovery.recovered);
  ASSERT_TRUE(recovery.censored);
  EXPECT_DOUBLE_EQ(recovery.censored->since_start_s, 9.5);
  EXPECT_DOUBLE_EQ(recovery.censored->since_end_s, 8.5);
}

TEST(Recovery, FourGoodWindowsAreNotFive) {
  EXPECT_EQ(judge("bbggggbgggg").status, RecoveryStatus::never);
  EXPECT_EQ(judge("bbggggbgggg").relapses, 0U);
  EXPECT_EQ(judge("bbggggbggggg").status, RecoveryStatus::recovered);
}

TEST(Recovery, ARelapseCancelsIt) {
  const auto later = judge("bbgggggggbbggggg");
  ASSERT_TRUE(later.recovered);
  EXPECT_DOUBLE_EQ(later.recovered->since_end_s, 9.5);
  EXPECT_EQ(later.relapses, 1U);
  const auto for_good = judge("bbggggggggbbgggg");
  EXPECT_EQ(for_good.status, RecoveryStatus::never);
  EXPECT_EQ(for_good.relapses, 1U);
}

TEST(Recovery, ALoneBadSecondAfterItIsNoRelapse) {
  for (const auto* letters : {"bbggggggbgggg", "bbgggggbgggggbggggg", "bbgggggb"}) {
    const auto recovery = judge(letters);
    ASSERT_TRUE(recovery.recovered) << letters;
    EXPECT_DOUBLE_EQ(recovery.recovered->since_end_s, 0.5) << letters;
    EXPECT_EQ(recovery.relapses, 0U) << letters;
  }
  for (const auto* letters : {"bbgggggbb", "bbgggggbgb", "bbgggggbggggb", "bbgggggbgbgbgbg"}) {
    EXPECT_EQ(judge(letters).status, RecoveryStatus::never) << letters;
    EXPECT_EQ(judge(letters).relapses, 1U) << letters;
  }
}

TEST(Recovery, IsZeroOnlyFromTheWindowInWhichTheFaultEnds) {
  const auto at_once = judge("ggggggg");
  ASSERT_TRUE(at_once.recovered);
  EXPECT_EQ(at_once.recovered->since_end_s, 0);
  EXPECT_EQ(at_once.recovered->since_start_s, 0.5);
  const auto next = judge("bbggggg");
  ASSERT_TRUE(next.recovered);
  EXPECT_DOUBLE_EQ(next.recovered->since_end_s, 0.5);
}

TEST(Recovery, WindowsDuringTheFaultDoNotCount) {
  const auto windows = story("ggggggggggggggg");
  const auto recovery = recovery_of(good_windows(0, 10), windows, 10.5, 20, kRule);
  ASSERT_TRUE(recovery.recovered);
  EXPECT_EQ(recovery.recovered->since_end_s, 0);
  EXPECT_EQ(recovery.recovered->since_start_s, 9.5);
  EXPECT_EQ(recovery_of(good_windows(0, 10), windows, 10.5, 21, kRule).status,
            RecoveryStatus::too_short);
}

TEST(Recovery, SaysNothingOfTooLittle) {
  EXPECT_EQ(judge("").status, RecoveryStatus::too_short);
  EXPECT_EQ(judge("gggg").status, RecoveryStatus::too_short);
  EXPECT_EQ(judge("bgggg").status, RecoveryStatus::too_short);
  EXPECT_FALSE(judge("gggg").recovered);
  EXPECT_FALSE(judge("gggg").censored);
  EXPECT_EQ(recovery_of(good_windows(0, 10), story("ggggggg"), 10.5, 0, kRule).status,
            RecoveryStatus::too_short);
}

TEST(Recovery, WantsABaseline) {
  const auto since = story("ggggggg");
  EXPECT_EQ(recovery_of({}, since, 10.5, 11.5, kRule).status, RecoveryStatus::no_baseline);
  EXPECT_EQ(recovery_of(good_windows(6, 4), since, 10.5, 11.5, kRule).status,
            RecoveryStatus::no_baseline);
  auto silent = good_windows(0, 10);
  for (auto& window : silent) window.goodput = 0;
  EXPECT_EQ(recovery_of(silent, since, 10.5, 11.5, kRule).status, RecoveryStatus::no_baseline);
}

TEST(Recovery, DetectsAtTheEndOfTheFirstSignal) {
  EXPECT_EQ(judge("geeggggg").detected_s, 1.5);
  EXPECT_EQ(judge("vggggggg").detected_s, 0.5);
  EXPECT_FALSE(judge("gsqggggg").detected_s);
  EXPECT_FALSE(judge("gggggggg").detected_s);
  EXPECT_EQ(judge("e").detected_s, 0.5);
  EXPECT_FALSE(judge("gbbggggg").detected_s) << "answers that do not come are noticed by nobody";
}

TEST(RecoveryBaseline, IsTheMediansAndTheOverallErrorRate) {
  auto before = good_windows(0, 5);
  before[0].goodput = 0;
  before[0].p99_ms = 9'000;
  before[1].errors = 10;
  before[1].outstanding = 500;
  const auto baseline = recovery_of(before, story("ggggggg"), 10.5, 11.5, kRule).baseline;
  EXPECT_EQ(baseline.goodput_per_s, 1000);
  EXPECT_EQ(baseline.p99_ms, 20);
  EXPECT_EQ(baseline.error_rate, 0.002);
  EXPECT_EQ(baseline.outstanding, 5);
}

double outstanding_limit(std::vector<double> outstanding) {
  auto before = good_windows(0, static_cast<int>(outstanding.size()));
  for (std::size_t i = 0; i < before.size(); ++i) before[i].outstanding = outstanding[i];
  return recovery_of(before, story("ggggggg"), 10.5, 11.5, kRule).baseline.outstanding_limit;
}

TEST(RecoveryBaseline, AllowsOutstandingAShareAFewMessagesOrItsOwnSpread) {
  EXPECT_DOUBLE_EQ(outstanding_limit({0, 0, 1, 0, 0}), 20) << "20 ms at 1000/s";
  EXPECT_DOUBLE_EQ(outstanding_limit({1000, 1000, 1000, 1000, 1000}), 1100);
  EXPECT_DOUBLE_EQ(outstanding_limit({90, 95, 100, 105, 110}), 100 + 4 * 1.4826 * 5);
}

TEST(Recovery, MeasuresAgainstTheBaseline) {
  auto since = story("ggggggg");
  const auto status_with = [&](auto change) {
    auto changed = since;
    for (auto& window : changed) change(window);
    return recovery_of(good_windows(0, 10), changed, 10.5, 11.5, kRule).status;
  };
  constexpr auto kRecovered = RecoveryStatus::recovered;
  constexpr auto kNever = RecoveryStatus::never;
  EXPECT_EQ(status_with([](auto& w) { w.goodput = 900; }), kRecovered);
  EXPECT_EQ(status_with([](auto& w) { w.goodput = 899; }), kNever);
  EXPECT_EQ(status_with([](auto& w) { w.errors = 5; }), kRecovered);
  EXPECT_EQ(status_with([](auto& w) { w.errors = 6; }), kNever);
  EXPECT_EQ(status_with([](auto& w) { w.p99_ms = 150; }), kRecovered);
  EXPECT_EQ(status_with([](auto& w) { w.p99_ms = 150.1; }), kNever);
  EXPECT_EQ(status_with([](auto& w) { w.outstanding = 25; }), kRecovered);
  EXPECT_EQ(status_with([](auto& w) { w.outstanding = 25.1; }), kNever);
  EXPECT_EQ(status_with([](auto& w) { w.goodput = std::nan(""); }), kNever);
  EXPECT_EQ(status_with([](auto& w) { w.p99_ms = std::nan(""); }), kNever);
  EXPECT_EQ(status_with([](auto& w) {
              w.scheduled = 0;
              w.errors = 1;
            }),
            kNever);
}

TEST(Recovery, ALongWindowCountsPerSecond) {
  auto since = story("ggggggg");
  since[3].length_s = 2;
  EXPECT_EQ(recovery_of(good_windows(0, 10), since, 10.5, 11.5, kRule).status,
            RecoveryStatus::never);
  since[3].goodput = since[3].scheduled = 2000;
  EXPECT_EQ(recovery_of(good_windows(0, 10), since, 10.5, 11.5, kRule).status,
            RecoveryStatus::recovered);
}

TEST(Recovery, ASlowBaselineMayStaySlow) {
  auto before = good_windows(0, 10);
  for (auto& window : before) window.p99_ms = 100;
  auto since = story("ggggggg");
  for (auto& window : since) window.p99_ms = 200;
  EXPECT_EQ(recovery_of(before, since, 10.5, 11.5, kRule).status, RecoveryStatus::recovered);
}

rc::Gen<std::string> any_story() {
  return rc::gen::container<std::string>(
      rc::gen::weightedElement<char>({{8, 'g'}, {1, 'b'}, {1, 'v'}, {1, 'e'}, {1, 's'}, {1, 'q'}}));
}

// Five good windows from `i` on, and every bad one after them has five good ones right before it.
bool recovers_at(const std::string& after, std::size_t i) {
  if (after.substr(i, 5) != "ggggg") return false;
  for (std::size_t bad = i + 5; bad < after.size(); ++bad)
    if (after[bad] != 'g' && after.substr(bad - 5, 5) != "ggggg") return false;
  return true;
}

RC_GTEST_PROP(Recovery, IsTheFirstRunOfFiveWithoutARelapseOrNothing, ()) {
  const auto letters = *any_story();
  const auto recovery = judge(letters);
  // The first window ends at 11 s, before the fault does.
  const auto after = letters.size() < 2 ? std::string() : letters.substr(1);
  std::size_t run_begin = 0;
  while (run_begin < after.size() && !recovers_at(after, run_begin)) ++run_begin;
  const bool holds = run_begin < after.size();
  RC_ASSERT((recovery.status == RecoveryStatus::recovered) == holds);
  RC_ASSERT(recovery.recovered.has_value() == holds);
  RC_ASSERT(recovery.censored.has_value() == (recovery.status == RecoveryStatus::never));
  RC_ASSERT((recovery.status == RecoveryStatus::too_short) == (after.size() < 5));
  if (holds && run_begin > 0) {
    RC_ASSERT(recovery.recovered->since_end_s == static_cast<double>(run_begin) - 0.5);
  }
}

RC_GTEST_PROP(Recovery, IsNeverWithoutFiveGoodWindowsInARow, ()) {
  const auto letters = *any_story();
  RC_PRE(letters.find("ggggg") == std::string::npos);
  RC_ASSERT(!judge(letters).recovered);
}

}  // namespace
}  // namespace gauntlet::stats
