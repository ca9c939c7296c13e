#include "report/sparkline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace gauntlet::report {
namespace {

TEST(Sparkline, HasEightHeights) {
  EXPECT_EQ(sparkline({}), "");
  EXPECT_EQ(sparkline(std::vector<double>{0, 7}), "▁█");
  EXPECT_EQ(sparkline(std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(std::vector<double>{5, 5}), "▅▅");
  EXPECT_EQ(sparkline(std::vector<double>{1, NAN, 2, INFINITY}), "▁ █ ");
}

TEST(Bars, AreSharesInNineHeights) {
  EXPECT_EQ(bars({}), "");
  EXPECT_EQ(bars(std::vector<double>{0, 0.125, 0.5, 0.94, 1}), " ▁▄██");
  EXPECT_EQ(bars(std::vector<double>{-1, 7, NAN, INFINITY, -INFINITY}), " █ █ ");
  EXPECT_EQ(bars(std::vector<double>{0, 0.125, 0.5, 1}, Glyphs::ascii), " .=@");
}

}  // namespace
}  // namespace gauntlet::report
