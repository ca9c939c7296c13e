#include "stats/distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/random.h"

namespace gauntlet::stats {
namespace {

using Counts = std::vector<std::uint64_t>;

Counts drawn(std::uint64_t seed, std::size_t cells, int draws, std::uint64_t per_draw = 1) {
  core::Random random(seed);
  Counts counts(cells);
  for (int i = 0; i < draws; ++i) counts[random.below(cells)] += per_draw;
  return counts;
}

// Worked example: 60 rolls of a die, (3² + 2² + 1² + 2² + 1² + 3²) / 10 = 2.8 on 5 degrees of
// freedom; p from the closed form of the chi-square tail.
TEST(EvenSpread, MatchesAWorkedExample) {
  const auto spread = even_spread(Counts{13, 8, 11, 12, 9, 7});
  ASSERT_TRUE(spread);
  EXPECT_DOUBLE_EQ(spread->chi_square, 2.8);
  EXPECT_NEAR(spread->p, 0.7308, 5e-5);
  EXPECT_DOUBLE_EQ(spread->max_over_mean, 1.3);
}

TEST(EvenSpread, PerfectlyEvenIsCertain) {
  const auto spread = even_spread(Counts{100, 100, 100});
  ASSERT_TRUE(spread);
  EXPECT_EQ(spread->chi_square, 0);
  EXPECT_EQ(spread->p, 1);
  EXPECT_EQ(spread->max_over_mean, 1);
}

TEST(EvenSpread, SeesOneBusyCell) {
  Counts counts(150, 1000);
  counts[17] = 1300;
  const auto spread = even_spread(counts);
  ASSERT_TRUE(spread);
  EXPECT_NEAR(spread->max_over_mean, 1.3, 0.01);
  counts[17] = 3000;
  EXPECT_LT(even_spread(counts)->p, 1e-9);
}

TEST(EvenSpread, SaysNothingOfTooLittle) {
  EXPECT_FALSE(even_spread(Counts{}));
  EXPECT_FALSE(even_spread(Counts{1000}));
  EXPECT_FALSE(even_spread(Counts{0, 0, 0}));
  EXPECT_FALSE(even_spread(Counts{4, 5}));
  EXPECT_TRUE(even_spread(Counts{5, 5}));
}

TEST(EvenSpread, EvenDrawsGiveEveryPEquallyOften) {
  int below_tenth = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    below_tenth += even_spread(drawn(seed, 20, 2'000))->p < 0.1 ? 1 : 0;
  }
  EXPECT_NEAR(below_tenth, 50, 5 * 6.7);
}

TEST(EvenSpread, ABurstIsOneDraw) {
  const auto counts = drawn(3, 100, 10'000, 16);
  EXPECT_LT(even_spread(counts)->p, 1e-9);
  EXPECT_GT(even_spread(counts, 16)->p, 0.001);
  EXPECT_EQ(even_spread(counts, 16)->chi_square, even_spread(drawn(3, 100, 10'000))->chi_square);
}

}  // namespace
}  // namespace gauntlet::stats
