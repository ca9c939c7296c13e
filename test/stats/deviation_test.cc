#include "stats/deviation.h"

#include <gtest/gtest.h>

#include <array>

namespace gauntlet::stats {
namespace {

TEST(Deviation, AllowsForWhatWasFitted) {
  constexpr std::array<double, 4> kValues = {1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(deviation_of(kValues, 1), std::sqrt(5.0 / 3));
  EXPECT_DOUBLE_EQ(deviation_of(kValues, 2), std::sqrt(5.0 / 2));
}

}  // namespace
}  // namespace gauntlet::stats
