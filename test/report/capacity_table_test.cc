#include "report/capacity_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::report {
namespace {

using testing::HasSubstr;
using Who = run::GaveWay::Who;

run::CapacityStep step(double load, Who who, std::vector<std::string> metrics, std::string reason) {
  run::CapacityStep made;
  made.load = load;
  made.result.achieved_per_s = load;
  made.result.response_p95_ms = 2.5;
  made.result.response_p99_ms = 7.25;
  made.result.scheduled = 1000;
  made.result.errors = 10;
  made.gave_way = {who, std::move(metrics), std::move(reason)};
  return made;
}

run::Capacity capacity() {
  run::Capacity made;
  made.from = 100;
  made.to = 5000;
  made.steps = {step(1100, Who::limits, {"p95", "p99"}, "p95 60 ms, limit < 50 ms"),
                step(800, Who::nobody, {}, ""),
                step(1200, Who::generator, {}, "send lag p95 was 9 ms")};
  made.found = stats::Estimate{1000, 950, 1050};
  made.narrow = true;
  made.gave_way = made.steps[0].gave_way;
  made.gave_way_at = 1100;
  return made;
}

TEST(CapacityTable, HasTheStepsInOrderOfTheirLoad) {
  const auto text = capacity_table(capacity());
  EXPECT_THAT(text, HasSubstr("800/s        800/s       2.5      7.25       1 %  kept\n"));
  EXPECT_THAT(text, HasSubstr("1 %  missed: p95, p99\n"));
  EXPECT_THAT(text, HasSubstr("1 %  not told: send lag p95 was 9 ms\n"));
  EXPECT_LT(text.find("800/s"), text.find("1,100/s"));
  EXPECT_LT(text.find("1,100/s"), text.find("1,200/s"));
}

TEST(CapacityTable, EndsWithWhatWasFoundAndWhatGaveWay) {
  const auto text = capacity_table(capacity());
  EXPECT_THAT(text, HasSubstr("capacity    1,000/s (95 %: 950/s to 1,050/s)\n"
                              "gave way    at 1,100/s the target missed a limit: p95 60 ms, limit "
                              "< 50 ms\n"));
}

TEST(CapacityTable, SpeaksOfConnectionsWhereTheyWereSearched) {
  auto made = capacity();
  made.of_connections = true;
  EXPECT_THAT(capacity_table(made), HasSubstr("800 connections"));
  EXPECT_THAT(capacity_head(made), HasSubstr("connections     achieved"));
}

TEST(CapacityTable, SaysAtLeastWhereTheGeneratorWasTheLimit) {
  auto made = capacity();
  made.gave_way = made.steps[2].gave_way;
  made.narrow = false;
  EXPECT_THAT(capacity_table(made), HasSubstr("capacity    at least 800/s, a wide interval\n"));
}

}  // namespace
}  // namespace gauntlet::report
