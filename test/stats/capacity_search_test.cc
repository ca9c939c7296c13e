// Searches on simulated servers whose capacity is known, and whose answers may be wrong.
#include "stats/capacity_search.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <functional>

#include "core/random.h"

namespace gauntlet::stats {
namespace {

constexpr double kFrom = 100;
constexpr double kTo = 1e6;

using Server = std::function<bool(double)>;

CapacitySearch search(const Server& keeps, CapacitySearch::Options options = {kFrom, kTo}) {
  CapacitySearch search(options);
  while (!search.done()) {
    const double x = search.next();
    search.add(x, keeps(x));
  }
  return search;
}

Server exact(double capacity) {
  return [capacity](double x) { return x <= capacity; };
}

// Wrong at random, wherever it is asked.
Server lying(double capacity, double share, core::Random& random) {
  return [=, &random](double x) { return (x <= capacity) != (random.uniform() < share); };
}

// A toss-up around its capacity, and wrong at random.
Server soft(double capacity, double width, double share, core::Random& random) {
  return [=, &random](double x) {
    const double kept = 1 / (1 + std::pow(x / capacity, 1 / width));
    return (random.uniform() < kept) != (random.uniform() < share);
  };
}

double drawn_capacity(core::Random& random) {
  return kFrom * std::pow(kTo / kFrom, 0.05 + 0.9 * random.uniform());
}

struct Coverage {
  int covered = 0;
  int narrow = 0;
  std::size_t steps = 0;
};

Coverage coverage(int searches, core::Random& random,
                  const std::function<Server(double)>& server_of) {
  Coverage result;
  for (int i = 0; i < searches; ++i) {
    const double capacity = drawn_capacity(random);
    const CapacitySearch found = search(server_of(capacity));
    const Estimate estimate = found.estimate();
    if (estimate.low <= capacity && capacity <= estimate.high) ++result.covered;
    if (found.narrow_enough()) ++result.narrow;
    result.steps += found.steps();
  }
  return result;
}

RC_GTEST_PROP(CapacitySearch, FindsAnHonestServersCapacity, ()) {
  core::Random random(*rc::gen::arbitrary<std::uint64_t>());
  const double capacity = drawn_capacity(random);
  const CapacitySearch found = search(exact(capacity));
  const Estimate estimate = found.estimate();
  RC_ASSERT(found.narrow_enough());
  RC_ASSERT(estimate.low <= capacity && capacity <= estimate.high);
  RC_ASSERT(estimate.low <= estimate.value && estimate.value <= estimate.high);
  RC_ASSERT(std::abs(std::log(estimate.value / capacity)) < 0.1);
}

TEST(CapacitySearch, OneAnswerInTwentyMayBeWrong) {
  core::Random random(1);
  const Coverage seen =
      coverage(200, random, [&](double capacity) { return lying(capacity, 0.05, random); });
  EXPECT_GE(seen.covered, 180);
  EXPECT_GE(seen.narrow, 180);
  RecordProperty("covered", seen.covered);
  RecordProperty("steps", static_cast<int>(seen.steps / 200));
}

TEST(CapacitySearch, ATossUpAroundTheCapacityIsCovered) {
  core::Random random(2);
  const Coverage seen =
      coverage(200, random, [&](double capacity) { return soft(capacity, 0.02, 0.05, random); });
  EXPECT_GE(seen.covered, 180);
  RecordProperty("covered", seen.covered);
  RecordProperty("steps", static_cast<int>(seen.steps / 200));
}

TEST(CapacitySearch, WithHonestAnswersTheIntervalIsRightNearlyAlways) {
  core::Random random(3);
  const Coverage seen = coverage(200, random, [](double capacity) { return exact(capacity); });
  EXPECT_GE(seen.covered, 190);
  EXPECT_EQ(seen.narrow, 200);
  RecordProperty("covered", seen.covered);
  RecordProperty("steps", static_cast<int>(seen.steps / 200));
}

TEST(CapacitySearch, ClimbsByDoublingAndNeverStartsHigh) {
  CapacitySearch climb({kFrom, kTo});
  for (const double x : {100.0, 200.0, 400.0}) {
    EXPECT_EQ(climb.next(), x);
    climb.add(x, true);
  }
}

TEST(CapacitySearch, WhileClimbingAMissIsAskedAgain) {
  CapacitySearch climb({kFrom, kTo});
  climb.add(100, true);
  climb.add(200, false);
  EXPECT_EQ(climb.next(), 200);
  climb.add(200, true);
  EXPECT_EQ(climb.next(), 400) << "it was a slip";
  climb.add(400, false);
  climb.add(400, false);
  EXPECT_GT(climb.next(), 190);
  EXPECT_LT(climb.next(), 420);
}

TEST(CapacitySearch, SaysWhenNotEvenTheLowestLoadIsCarried) {
  const CapacitySearch found = search([](double) { return false; });
  EXPECT_GE(found.below_from(), CapacitySearch::kConfidence);
  EXPECT_LE(found.steps(), 4U);
  EXPECT_EQ(found.estimate().value, kFrom);
}

TEST(CapacitySearch, SaysWhenTheHighestLoadIsCarried) {
  const CapacitySearch found = search([](double) { return true; });
  EXPECT_GE(found.above_to(), CapacitySearch::kConfidence);
  EXPECT_LE(found.steps(), 18U) << "14 to climb there";
  EXPECT_EQ(found.estimate().value, kTo);
}

TEST(CapacitySearch, OneLoadAloneCanBeAskedAbout) {
  const CapacitySearch yes = search([](double) { return true; }, {500, 500});
  EXPECT_GE(yes.above_to(), CapacitySearch::kConfidence);
  const CapacitySearch no = search([](double) { return false; }, {500, 500});
  EXPECT_GE(no.below_from(), CapacitySearch::kConfidence);
}

TEST(CapacitySearch, EndsAfterItsLastStepWithAWideInterval) {
  core::Random random(4);
  const CapacitySearch found =
      search([&](double) { return random.uniform() < 0.5; }, {kFrom, kTo, 0.1, 25});
  EXPECT_LE(found.steps(), 25U);
}

TEST(CapacitySearch, SameAnswersSameSearch) {
  core::Random a(5);
  core::Random b(5);
  EXPECT_EQ(search(lying(3000, 0.05, a)).estimate().value,
            search(lying(3000, 0.05, b)).estimate().value);
}

}  // namespace
}  // namespace gauntlet::stats
