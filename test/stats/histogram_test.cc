#include "stats/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "stats/histogram_layout.h"

namespace gauntlet::stats {
namespace {

Histogram histogram_of(const std::vector<std::uint64_t>& values) {
  Histogram histogram;
  for (const auto value : values) histogram.record_us(value);
  return histogram;
}

// Latencies of every size: about as many below a millisecond as above a minute.
rc::Gen<std::uint64_t> latency() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::inRange<std::uint64_t>(0, 1'000'000), rc::gen::inRange(0, 33)),
      [](const auto& pair) {
        return std::min(pair.first << pair.second >> 20, Histogram::kHighestUs);
      });
}

rc::Gen<std::vector<std::uint64_t>> latencies() {
  return rc::gen::container<std::vector<std::uint64_t>>(latency());
}

// One encoding stands for one set of counts.
void rc_assert_same(const Histogram& a, const Histogram& b) {
  RC_ASSERT(a.encode_v2() == b.encode_v2());
  RC_ASSERT(a.count() == b.count());
  RC_ASSERT(a.saturated() == b.saturated());
}

TEST(HistogramLayout, CellsFollowEachOther) {
  for (std::size_t cell = 0; cell + 1 < kCells; ++cell) {
    ASSERT_EQ(highest_of(cell) + 1, lowest_of(cell + 1)) << cell;
    ASSERT_EQ(cell_of(lowest_of(cell)), cell);
    ASSERT_EQ(cell_of(highest_of(cell)), cell);
  }
}

TEST(HistogramLayout, CellsAreTrueToThreeDigits) {
  for (std::size_t cell = 2000; cell < kCells; ++cell) {
    ASSERT_LE(width_of(cell) * 1000, lowest_of(cell)) << cell;
  }
}

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_TRUE(histogram.empty());
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min_us(), 0U);
  EXPECT_EQ(histogram.max_us(), 0U);
  EXPECT_EQ(histogram.mean_us(), 0);
  EXPECT_EQ(histogram.quantile_us(0.99), 0U);
  EXPECT_EQ(histogram.count_above_us(0), 0U);
}

TEST(Histogram, OneValueIsEveryQuantile) {
  const auto histogram = histogram_of({85'000});
  for (const double q : {0.001, 0.5, 0.999, 1.0}) EXPECT_EQ(histogram.quantile_us(q), 85'055U) << q;
  EXPECT_EQ(histogram.quantile_us(0), 84'992U);
  EXPECT_EQ(histogram.mean_us(), 85'024);
}

TEST(Histogram, TakesTheRankAtCeilOfQN) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1000; ++value) histogram.record_us(value);
  EXPECT_EQ(histogram.quantile_us(0.5), 500U);
  EXPECT_EQ(histogram.quantile_us(0.5001), 501U);
  EXPECT_EQ(histogram.quantile_us(0.95), 950U);
  EXPECT_EQ(histogram.quantile_us(0.999), 999U);
  EXPECT_EQ(histogram.quantile_us(0.9991), 1000U);
  EXPECT_EQ(histogram.value_at_rank_us(1), 1U);
  EXPECT_EQ(histogram.value_at_rank_us(1000), 1000U);
}

TEST(Histogram, RoundingDoesNotSkipARank) {
  Histogram histogram;  // 0.07 * 100 is 7.000000000000001
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record_us(value);
  EXPECT_EQ(histogram.quantile_us(0.07), 7U);
  EXPECT_EQ(histogram.quantile_us(0.29), 29U);
}

TEST(Histogram, SaysWhatWasBeyondItsRange) {
  Histogram histogram;
  histogram.record_us(Histogram::kHighestUs);
  EXPECT_EQ(histogram.saturated(), 0U);
  histogram.record_us(Histogram::kHighestUs + 1, 2);
  histogram.record_us(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(histogram.saturated(), 3U);
  EXPECT_EQ(histogram.count(), 4U);
  EXPECT_EQ(histogram.min_us(), lowest_of(cell_of(Histogram::kHighestUs)));
}

TEST(Histogram, RoundsNanosecondsUp) {
  Histogram histogram;
  histogram.record_ns(-5);
  EXPECT_EQ(histogram.max_us(), 0U);
  histogram.record_ns(1);
  EXPECT_EQ(histogram.max_us(), 1U);
  histogram.record_ns(1'000);
  EXPECT_EQ(histogram.max_us(), 1U);
  histogram.record_ns(1'001);
  EXPECT_EQ(histogram.max_us(), 2U);
  histogram.record_ns(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(histogram.saturated(), 1U);
}

TEST(Histogram, CountsWhatIsAbove) {
  const auto histogram = histogram_of({0, 10, 20, 20, 30'001, Histogram::kHighestUs});
  EXPECT_EQ(histogram.count_above_us(0), 5U);
  EXPECT_EQ(histogram.count_above_us(10), 4U);
  EXPECT_EQ(histogram.count_above_us(19), 4U);
  EXPECT_EQ(histogram.count_above_us(20), 2U);
  EXPECT_EQ(histogram.count_above_us(29'999), 2U);
  EXPECT_EQ(histogram.count_above_us(30'000), 1U);  // of the same cell as 30,001
  EXPECT_EQ(histogram.count_above_us(Histogram::kHighestUs), 0U);
  EXPECT_EQ(histogram.count_above_us(std::numeric_limits<std::uint64_t>::max()), 0U);
}

RC_GTEST_PROP(Histogram, QuantilesAreThoseOfTheSortedValues, ()) {
  auto values = *rc::gen::nonEmpty(latencies());
  const double q = *rc::gen::inRange(1, 1001) / 1000.0;
  const auto histogram = histogram_of(values);
  std::ranges::sort(values);
  const auto rank = std::ceil(q * static_cast<double>(values.size()) - 1e-9);
  const auto exact = values[static_cast<std::size_t>(rank) - 1];
  RC_ASSERT(histogram.quantile_us(q) == highest_of(cell_of(exact)));
}

RC_GTEST_PROP(Histogram, QuantilesDoNotFall, ()) {
  const auto histogram = histogram_of(*rc::gen::nonEmpty(latencies()));
  const double a = *rc::gen::inRange(0, 10'001) / 10'000.0;
  const double b = *rc::gen::inRange(0, 10'001) / 10'000.0;
  RC_ASSERT(histogram.quantile_us(std::min(a, b)) <= histogram.quantile_us(std::max(a, b)));
  RC_ASSERT(histogram.min_us() <= histogram.quantile_us(a));
  RC_ASSERT(histogram.quantile_us(a) <= histogram.max_us());
}

RC_GTEST_PROP(Histogram, MergesAsIfRecordedInOne, ()) {
  const auto a = *latencies();
  const auto b = *latencies();
  auto both = a;
  both.insert(both.end(), b.begin(), b.end());
  auto a_then_b = histogram_of(a);
  a_then_b.merge(histogram_of(b));
  auto b_then_a = histogram_of(b);
  b_then_a.merge(histogram_of(a));
  rc_assert_same(a_then_b, histogram_of(both));
  rc_assert_same(b_then_a, a_then_b);
}

RC_GTEST_PROP(Histogram, ForgetsAtReset, ()) {
  auto histogram = histogram_of(*latencies());
  histogram.record_us(Histogram::kHighestUs + 1);
  histogram.reset();
  rc_assert_same(histogram, Histogram());
  auto values = *latencies();
  values.push_back(Histogram::kHighestUs);
  for (const auto value : values) histogram.record_us(value);
  rc_assert_same(histogram, histogram_of(values));
}

}  // namespace
}  // namespace gauntlet::stats
