#include "stats/impact.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace gauntlet::stats {
namespace {

const RecoveryBaseline kBaseline{.goodput_per_s = 100};

RecoveryWindow window(double t, double goodput, double errors = 0) {
  return {.t = t, .goodput = goodput, .scheduled = 100, .errors = errors};
}

TEST(Impact, OfNothingIsNothing) {
  const auto impact = impact_of({}, kBaseline);
  EXPECT_EQ(impact.windows, 0U);
  EXPECT_EQ(impact.lost, 0);
  EXPECT_EQ(impact.attempts_per_message, 1);
}

TEST(Impact, IsTheAreaBelowTheBaseline) {
  const std::vector<RecoveryWindow> felt = {window(1, 60, 10), window(2, 0, 40), window(3, 90)};
  const auto impact = impact_of(felt, kBaseline);
  EXPECT_EQ(impact.windows, 3U);
  EXPECT_DOUBLE_EQ(impact.lost, 40 + 100 + 10);
  EXPECT_DOUBLE_EQ(impact.lost_share, 0.5);
  EXPECT_DOUBLE_EQ(impact.worst_share, 1);
  EXPECT_DOUBLE_EQ(impact.worst_t, 2);
  EXPECT_DOUBLE_EQ(impact.error_rate, 50.0 / 300);
  EXPECT_DOUBLE_EQ(impact.peak_error_rate, 0.4);
}

TEST(Impact, ABacklogWorkedOffUndoesNothing) {
  const std::vector<RecoveryWindow> felt = {window(1, 0), window(2, 200)};
  EXPECT_DOUBLE_EQ(impact_of(felt, kBaseline).lost, 100);
}

TEST(Impact, ReducedLoadIsNotMissed) {
  std::vector<RecoveryWindow> felt = {window(1, 50)};
  felt[0].load_factor = 0.5;
  EXPECT_DOUBLE_EQ(impact_of(felt, kBaseline).lost, 0);
}

TEST(Impact, CountsAttempts) {
  std::vector<RecoveryWindow> felt = {window(1, 100), window(2, 100)};
  felt[1].retries = 100;
  EXPECT_DOUBLE_EQ(impact_of(felt, kBaseline).attempts_per_message, 1.5);
}

std::vector<RecoveryWindow> any_windows() {
  std::vector<RecoveryWindow> felt;
  double t = 0;
  for (const auto& [goodput, errors, retries] :
       *rc::gen::container<std::vector<std::tuple<int, int, int>>>(rc::gen::tuple(
           rc::gen::inRange(0, 300), rc::gen::inRange(0, 300), rc::gen::inRange(0, 300)))) {
    felt.push_back(window(++t, goodput, errors));
    felt.back().retries = retries;
  }
  return felt;
}

RC_GTEST_PROP(ImpactProperty, SharesAreShares, ()) {
  const auto felt = any_windows();
  const auto impact = impact_of(felt, kBaseline);
  for (const double share :
       {impact.lost_share, impact.worst_share, impact.error_rate, impact.peak_error_rate})
    RC_ASSERT(share >= 0 && share <= 1);
  RC_ASSERT(impact.lost >= 0 && impact.lost <= 100.0 * static_cast<double>(felt.size()));
  RC_ASSERT(impact.worst_share >= impact.lost_share - 1e-12);
  RC_ASSERT(impact.attempts_per_message >= 1);
}

RC_GTEST_PROP(ImpactProperty, OfTwoHalvesAddsUp, ()) {
  const auto felt = any_windows();
  const auto middle = felt.begin() + static_cast<std::ptrdiff_t>(felt.size() / 2);
  const auto first = impact_of({felt.begin(), middle}, kBaseline);
  const auto second = impact_of({middle, felt.end()}, kBaseline);
  const auto whole = impact_of(felt, kBaseline);
  RC_ASSERT(whole.lost == first.lost + second.lost);
  RC_ASSERT(whole.windows == first.windows + second.windows);
  RC_ASSERT(whole.worst_share == std::max(first.worst_share, second.worst_share));
}

}  // namespace
}  // namespace gauntlet::stats
