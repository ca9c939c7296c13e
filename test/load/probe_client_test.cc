// The probe's pace beside a load; that it measures and is not counted is a matter of whole runs
// (test/end_to_end).
#include "load/probe_client.h"

#include <gtest/gtest.h>

namespace gauntlet::load {
namespace {

run::Plan of(std::uint32_t connections, double rate, std::uint32_t burst) {
  run::Plan plan;
  plan.seed = 7;
  plan.load.connections = connections;
  plan.load.rate = rate;
  plan.load.burst = burst;
  plan.faults.emplace_back();
  return plan;
}

double pace(const run::Plan& plan) { return plan.load.rate / plan.load.connections; }

TEST(ProbePlan, OneConnectionHasThePaceOfTheLoads) {
  const auto load = of(150, 5'000, 16);
  const auto probe = probe_plan(load);
  EXPECT_EQ(probe.load.connections, 1U);
  EXPECT_DOUBLE_EQ(pace(probe), pace(load));
  EXPECT_EQ(probe.load.burst, 16U);
  EXPECT_EQ(probe.load.arrivals, run::Arrivals::poisson);
  EXPECT_NE(probe.seed, load.seed) << "or its nonces were the load's";
  EXPECT_TRUE(probe.faults.empty());
}

TEST(ProbePlan, ManyConnectionsAreMetByMoreAtTheSamePace) {
  const auto load = of(15'000, 500'000, 16);
  const auto probe = probe_plan(load);
  EXPECT_EQ(probe.load.connections, 96U);
  EXPECT_DOUBLE_EQ(pace(probe), pace(load));
  EXPECT_LE(probe.load.rate, kProbeBurstsMax * 16);
}

TEST(ProbePlan, NeverMoreThanAHundredthOfTheLoad) {
  for (const auto& load : {of(1, 100, 1), of(10, 5'000, 1), of(150, 5'000, 16),
                           of(1'000, 1'000'000, 33), of(15'000, 500'000, 16)}) {
    const auto probe = probe_plan(load);
    EXPECT_LE(probe.load.rate, kProbeShareMax * load.load.rate * 1.000001);
    EXPECT_GT(probe.load.rate, 0);
    EXPECT_GE(probe.load.connections, 1U);
  }
}

TEST(ProbePlan, BesideAClosedLoopItIsOpen) {
  auto load = of(2, 0, 4);
  load.load.arrivals = run::Arrivals::closed;
  const auto probe = probe_plan(load);
  EXPECT_EQ(probe.load.connections, 2U);
  EXPECT_DOUBLE_EQ(probe.load.rate, 80);
  EXPECT_EQ(probe.load.arrivals, run::Arrivals::poisson);
}

}  // namespace
}  // namespace gauntlet::load
