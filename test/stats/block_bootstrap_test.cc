#include "stats/block_bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "stats/simulated_soak.h"

namespace gauntlet::stats {
namespace {

constexpr double kConfidence = 0.95;

// A run of so many seconds about this level, whose noise remembers for five of them.
RunSeries run_of(std::uint64_t seed, int seconds, double level) {
  RunSeries run;
  const SimulatedSoak soak{.base = level, .noise = level / 20, .memory_s = 5};
  for (const auto& sample : samples_of(soak, seed, seconds)) run.push_back({sample.y, 1});
  return run;
}

std::optional<Estimate> log_ratio(const std::vector<RunSeries>& before,
                                  const std::vector<RunSeries>& after,
                                  Statistic statistic = Statistic::quotient) {
  return bootstrap_contrast(before, after, statistic, Contrast::log_ratio, kConfidence);
}

TEST(BlockBootstrap, FiguresOfRuns) {
  const std::vector<RunSeries> runs = {{{10, 1}, {20, 3}}, {{60, 1}}};
  EXPECT_EQ(statistic_of(runs, Statistic::quotient), 18);
  EXPECT_EQ(statistic_of(runs, Statistic::median), 20);
}

TEST(BlockBootstrap, SaysNothingOfTooLittle) {
  const auto enough = run_of(1, 20, 100);
  EXPECT_TRUE(log_ratio({enough}, {enough}));
  EXPECT_FALSE(log_ratio({}, {enough}));
  EXPECT_FALSE(log_ratio({enough}, {run_of(1, 19, 100)}));
  EXPECT_FALSE(log_ratio({enough}, {RunSeries(20, {0, 1})})) << "no ratio to nothing";
}

TEST(BlockBootstrap, ADifferenceOfNothing) {
  const std::vector<RunSeries> none = {RunSeries(20, {0, 100})};
  const auto change =
      bootstrap_contrast(none, none, Statistic::quotient, Contrast::difference, kConfidence);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->value, 0);
  EXPECT_EQ(change->low, 0);
  EXPECT_EQ(change->high, 0);
}

// 300 pairs of runs of known ratio: how often the interval holds it.
TEST(BlockBootstrap, HoldsTheRatioNearlyAsOftenAsItSays) {
  int held = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto change = log_ratio({run_of(2 * seed, 100, 100)}, {run_of(2 * seed + 1, 100, 110)});
    held += change->low <= std::log(1.1) && std::log(1.1) <= change->high ? 1 : 0;
  }
  EXPECT_GE(held, 300 * 83 / 100);
}

TEST(BlockBootstrap, TheSameInputHasTheSameInterval) {
  const auto a = log_ratio({run_of(1, 60, 100)}, {run_of(2, 60, 120)}, Statistic::median);
  const auto b = log_ratio({run_of(1, 60, 100)}, {run_of(2, 60, 120)}, Statistic::median);
  EXPECT_EQ(a->low, b->low);
  EXPECT_EQ(a->high, b->high);
  EXPECT_NEAR(a->value, std::log(1.2), 0.1);
}

// Runs that differ from each other by more than their seconds do.
TEST(BlockBootstrap, SeveralRunsTellHowRunsDiffer) {
  const std::vector<RunSeries> one = {run_of(1, 60, 100)};
  const std::vector<RunSeries> three = {run_of(1, 60, 100), run_of(2, 60, 130), run_of(3, 60, 80)};
  const auto narrow = log_ratio(one, one);
  const auto wide = log_ratio(three, three);
  EXPECT_GT(wide->high - wide->low, 3 * (narrow->high - narrow->low));
}

TEST(BlockBootstrap, ALongRunIsThinnedAndKeepsItsFigure) {
  const std::vector<RunSeries> day = {run_of(1, 86'400, 100)};
  const auto change = log_ratio(day, day);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->value, 0);
  EXPECT_LT(change->high - change->low, 0.01);
}

}  // namespace
}  // namespace gauntlet::stats
