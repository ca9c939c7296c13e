#include "stats/latency_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace gauntlet::stats {
namespace {

Histogram of(std::uint64_t value_us, std::uint64_t count) {
  Histogram histogram;
  histogram.record_us(value_us, count);
  return histogram;
}

std::uint64_t total(const LatencyMap& map) {
  std::uint64_t sum = 0;
  for (const auto& column : map.columns())
    sum += std::accumulate(column.counts.begin(), column.counts.end(), std::uint64_t{0});
  return sum;
}

std::size_t bin_of(std::uint64_t value_us) {
  LatencyMap map;
  map.add(0, 1, of(value_us, 1));
  const auto& counts = map.columns().front().counts;
  return static_cast<std::size_t>(std::ranges::find(counts, 1U) - counts.begin());
}

TEST(LatencyMap, ATimeLiesBetweenTheEdgesOfItsBin) {
  const auto& edges = LatencyMap::edges_us();
  EXPECT_TRUE(std::ranges::is_sorted(edges));
  EXPECT_EQ(bin_of(1), 0U);
  EXPECT_EQ(bin_of(10), 0U) << "an edge belongs below it";
  EXPECT_EQ(bin_of(11), 1U);
  EXPECT_EQ(bin_of(Histogram::kHighestUs), LatencyMap::kBins - 1);
  for (const std::uint64_t value : {100U, 1500U, 2047U, 33'000U, 1'000'000U}) {
    const auto bin = bin_of(value);
    EXPECT_GT(value, edges[bin - 1]);
    EXPECT_LE(value, edges[bin]);
  }
}

TEST(LatencyMap, SecondsAreColumnsUntilThereAreTooMany) {
  LatencyMap map;
  for (int second = 0; second < 600; ++second) map.add(second, second + 1, of(1000, 2));
  ASSERT_EQ(map.columns().size(), LatencyMap::kColumnsMax);
  EXPECT_EQ(map.columns()[7].from_s, 7);
  EXPECT_EQ(map.columns()[7].to_s, 8);
  map.add(600, 601, of(1000, 2));
  EXPECT_EQ(map.columns().size(), 301U);
  EXPECT_EQ(map.columns()[1].from_s, 2);
  EXPECT_EQ(map.columns()[1].to_s, 4);
}

TEST(LatencyMap, ADayStaysBoundedAndLosesNothing) {
  LatencyMap map;
  constexpr int kSeconds = 86'400;
  for (int second = 0; second < kSeconds; ++second) {
    map.add(second, second + 1, of(second == 40'000 ? 900'000 : 1000, 3));
    ASSERT_LE(map.columns().size(), LatencyMap::kColumnsMax);
  }
  EXPECT_EQ(total(map), 3U * kSeconds);
  EXPECT_GT(map.columns().size(), LatencyMap::kColumnsMax / 4) << "not coarser than it has to be";
  double end = 0;
  for (const auto& column : map.columns()) {
    EXPECT_EQ(column.from_s, end) << "no gap, no overlap";
    end = column.to_s;
  }
  EXPECT_EQ(end, kSeconds);
  EXPECT_EQ(std::ranges::count_if(map.columns(),
                                  [](const auto& c) { return c.counts[bin_of(900'000)] == 3; }),
            1);
}

}  // namespace
}  // namespace gauntlet::stats
