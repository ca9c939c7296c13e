#include "stats/student.h"

#include <gtest/gtest.h>

namespace gauntlet::stats {
namespace {

TEST(Student, QuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(student_quantile(0.975, 1), 12.706, 0.001);
  EXPECT_NEAR(student_quantile(0.975, 10), 2.228, 0.001);
  EXPECT_NEAR(student_quantile(0.95, 30), 1.697, 0.001);
  EXPECT_DOUBLE_EQ(student_quantile(0.5, 7), 0);
}

}  // namespace
}  // namespace gauntlet::stats
