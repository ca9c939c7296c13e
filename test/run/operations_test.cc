#include "run/operations.h"

#include <gtest/gtest.h>

namespace gauntlet::run {
namespace {

TimedOperation row(std::uint32_t phase, std::uint32_t operation, std::uint64_t us) {
  stats::Histogram response;
  response.record_us(us, 9);
  return {.t = 1,
          .length = 1,
          .phase = phase,
          .operation = operation,
          .counts = {10, 9, 1},
          .response = response.encode_v2_compressed()};
}

Record record_of(std::size_t entries) {
  Record record;
  record.plan.phases = {{"warmup", core::kSecond, false}, {"steady", 2 * core::kSecond, true}};
  for (std::size_t i = 0; i < entries; ++i)
    record.plan.load.mix.push_back({.method = "tools/call", .tool = "t" + std::to_string(i)});
  record.plan.load.mix.back() = {.method = "tools/list", .tool = ""};
  return record;
}

TEST(Operations, AddUpOverTheMeasuredPhase) {
  auto record = record_of(2);
  record.operations = {row(0, 0, 5), row(1, 0, 1000), row(1, 1, 8000), row(1, 0, 3000)};
  const auto all = operations_of(record);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "t0");
  EXPECT_EQ(all[0].counts.scheduled, 20U);
  EXPECT_EQ(all[0].counts.errors, 2U);
  EXPECT_EQ(all[0].response.count(), 18U);
  EXPECT_GE(all[0].response.min_us(), 999U) << "without the warm-up";
  EXPECT_EQ(all[1].name, "tools/list");
  EXPECT_NEAR(all[1].response.quantile_ms(0.5), 8, 0.01);
}

TEST(Operations, OfAMixOfOneAreNotTold) {
  auto record = record_of(1);
  record.operations = {row(1, 0, 5)};
  EXPECT_TRUE(operations_of(record).empty());
}

TEST(Operations, TheLastKeptOneStandsForThoseAfterIt) {
  auto record = record_of(kOperationsKept + 3);
  record.operations = {row(1, kOperationsKept - 1, 5), row(1, kOperationsKept, 5)};
  const auto all = operations_of(record);
  ASSERT_EQ(all.size(), kOperationsKept);
  EXPECT_EQ(all.back().name, "t15 and 3 more");
  EXPECT_EQ(all.back().counts.scheduled, 10U) << "a number beyond it is none of ours";
}

}  // namespace
}  // namespace gauntlet::run
