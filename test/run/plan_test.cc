#include "run/plan.h"

#include <gtest/gtest.h>

namespace gauntlet::run {
namespace {

TEST(LatestFault, IsTheOneOfWhichAnOccurrenceBeganLast) {
  Plan plan;
  plan.phases = {{"warmup", 10 * core::kSecond, false}, {"steady", 60 * core::kSecond, true}};
  plan.faults = {{.id = "often",
                  .kind = "disconnect",
                  .phase = "steady",
                  .at = 5 * core::kSecond,
                  .every = 20 * core::kSecond,
                  .times = 2},
                 {.id = "once", .kind = "disconnect", .phase = "steady", .at = 15 * core::kSecond},
                 {.id = "other", .kind = "kill_worker", .phase = "warmup", .at = core::kSecond}};
  const auto latest = [&](double t) { return latest_fault(plan, "disconnect", t); };
  EXPECT_EQ(latest(14.9), "");
  EXPECT_EQ(latest(15), "often");
  EXPECT_EQ(latest(25), "once");
  EXPECT_EQ(latest(34.9), "once");
  EXPECT_EQ(latest(35), "often") << "its second occurrence";
  EXPECT_EQ(latest_fault(plan, "kill_worker", 70), "other");
}

}  // namespace
}  // namespace gauntlet::run
