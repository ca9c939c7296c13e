#include "stats/shift.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace gauntlet::stats {
namespace {

// Whole numbers, so that sums are exact.
std::vector<double> numbers(std::size_t count) {
  std::vector<double> values;
  for (const int value :
       *rc::gen::container<std::vector<int>>(count, rc::gen::inRange(-1000, 1000)))
    values.push_back(value);
  return values;
}

TEST(HodgesLehmann, NeedsFiveOfEach) {
  const std::vector<double> four(4, 1.0), five(5, 1.0);
  EXPECT_FALSE(hodges_lehmann(four, five));
  EXPECT_FALSE(hodges_lehmann(five, four));
  EXPECT_TRUE(hodges_lehmann(five, five));
  const std::vector<double> broken = {1, 1, 1, 1, NAN};
  EXPECT_FALSE(hodges_lehmann(broken, five)) << "what is not finite does not count";
}

// By hand: the 25 differences of 1…5 and 11…15 are 6 once, 7 twice … 10 five times … 14 once; the
// rank of the lower bound is 12.5 - 1.96 * sqrt(25 * 11 / 12) = 3.1.
TEST(HodgesLehmann, AgreesWithACalculationByHand) {
  const std::vector<double> before = {1, 2, 3, 4, 5}, after = {11, 12, 13, 14, 15};
  const auto shift = hodges_lehmann(before, after);
  ASSERT_TRUE(shift);
  EXPECT_DOUBLE_EQ(shift->value, 10);
  EXPECT_DOUBLE_EQ(shift->low, 7);
  EXPECT_DOUBLE_EQ(shift->high, 13);
}

TEST(HodgesLehmann, IsNotMovedByAnOutlier) {
  const std::vector<double> before(20, 10.0);
  std::vector<double> after(20, 10.0);
  after[3] = 1e9;
  const auto shift = hodges_lehmann(before, after);
  ASSERT_TRUE(shift);
  EXPECT_DOUBLE_EQ(shift->value, 0);
  EXPECT_DOUBLE_EQ(shift->high, 0);
}

RC_GTEST_PROP(HodgesLehmannProperty, OfATranslationIsTheTranslation, ()) {
  const auto before = numbers(*rc::gen::inRange<std::size_t>(5, 40));
  const auto by = static_cast<double>(*rc::gen::inRange(-1000, 1000));
  auto after = before;
  for (double& value : after) value += by;
  const auto shift = hodges_lehmann(before, after);
  RC_ASSERT(shift.has_value());
  RC_ASSERT(shift->value == by);
  RC_ASSERT(shift->low <= by && by <= shift->high);
}

RC_GTEST_PROP(HodgesLehmannProperty, ChangesItsSignWithItsSides, ()) {
  const auto a = numbers(*rc::gen::inRange<std::size_t>(5, 30));
  const auto b = numbers(*rc::gen::inRange<std::size_t>(5, 30));
  const auto there = hodges_lehmann(a, b), back = hodges_lehmann(b, a);
  RC_ASSERT(there && back);
  RC_ASSERT(there->value == -back->value);
  RC_ASSERT(there->low == -back->high && there->high == -back->low);
  RC_ASSERT(there->low <= there->value && there->value <= there->high);
}

RC_GTEST_PROP(HodgesLehmannProperty, IsWiderWhereMoreSureOfItself, ()) {
  const auto a = numbers(20), b = numbers(20);
  const auto narrow = hodges_lehmann(a, b, 0.8), wide = hodges_lehmann(a, b, 0.99);
  RC_ASSERT(narrow && wide);
  RC_ASSERT(wide->low <= narrow->low && narrow->high <= wide->high);
}

}  // namespace
}  // namespace gauntlet::stats
