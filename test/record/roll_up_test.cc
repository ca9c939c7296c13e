#include "record/roll_up.h"

#include <gtest/gtest.h>

#include "record/kept_run.h"

namespace gauntlet::record {
namespace {

// Steps until nothing is left to roll up.
std::vector<RollUp::Minute> roll(run::Record& record, bool with_seconds, double now_s) {
  RollUp roll_up(with_seconds);
  std::vector<RollUp::Minute> minutes;
  while (auto minute = roll_up.step(record.seconds, record.histograms, record.operations, now_s))
    minutes.push_back(std::move(*minute));
  return minutes;
}

TEST(RollUp, KeepsWhatIsLessThanAnHourOld) {
  auto record = test::kept_run();
  EXPECT_TRUE(roll(record, true, kRollUpAfterS + 59).empty());
  EXPECT_EQ(record.seconds.size(), 180U);
}

TEST(RollUp, AMinuteHoldsTheSumOfItsSecondsAndTheirHistogramsExactly) {
  auto record = test::kept_run();
  run::Latencies exact;
  for (int t = 1; t <= 60; ++t) exact.merge(test::latencies_of(t));
  const auto minutes = roll(record, true, kRollUpAfterS + 61);
  ASSERT_EQ(minutes.size(), 1U);
  ASSERT_EQ(record.seconds.size(), 121U);
  ASSERT_EQ(record.histograms.size(), 121U);
  const auto& minute = record.seconds[0];
  EXPECT_DOUBLE_EQ(minute.t, 60.1);
  EXPECT_DOUBLE_EQ(minute.length, 60);
  EXPECT_EQ(minute.counts.completed, 60U * 49);
  EXPECT_EQ(minute.counts.errors[2], 60U);
  EXPECT_EQ(minute.connections_ready, 3U) << "a gauge, not a sum";
  EXPECT_NEAR(minute.generator_cpu, 0.1305, 1e-9);
  EXPECT_EQ(minute.response_p99_ms, exact.response.quantile_ms(0.99));
  EXPECT_EQ(record.histograms[0].response, exact.response.encode_v2_compressed());
  EXPECT_NEAR(minutes[0].from_s, 0.1, 1e-9);
  EXPECT_DOUBLE_EQ(record.seconds[1].t, 61.1);
}

TEST(RollUp, AMinuteStopsAtThePhasesBorderAndAtAGap) {
  run::Record record;
  for (int t = 1; t <= 30; ++t) test::add_second(record, t, 0);
  for (int t = 31; t <= 40; ++t) test::add_second(record, t, 1);
  for (int t = 45; t <= 130; ++t) test::add_second(record, t, 1);
  const auto minutes = roll(record, true, 1e6);
  ASSERT_EQ(minutes.size(), 3U) << "the last one may still grow";
  EXPECT_DOUBLE_EQ(record.seconds[0].length, 30);
  EXPECT_DOUBLE_EQ(record.seconds[1].length, 10);
  EXPECT_DOUBLE_EQ(record.seconds[2].length, 60);
  EXPECT_DOUBLE_EQ(record.seconds[2].t, 104.1);
}

TEST(RollUp, NoMinuteTakesThePlaceOfTheOneBefore) {
  run::Record record;
  for (int t = 1; t <= 130; ++t) {
    test::add_second(record, t, 0);
    record.seconds.back().length = record.histograms.back().length = 1.004;  // of two threads
  }
  const auto minutes = roll(record, true, 1e6);
  ASSERT_EQ(minutes.size(), 2U);
  EXPECT_GE(minutes[1].from_s, minutes[0].histograms.t);
}

TEST(RollUp, SecondsOfARunWithFaultsStay) {
  auto record = test::kept_run();
  const auto minutes = roll(record, false, 1e6);
  ASSERT_EQ(minutes.size(), 2U);
  EXPECT_TRUE(minutes[0].second.empty());
  EXPECT_EQ(record.seconds.size(), 180U);
  EXPECT_EQ(record.histograms.size(), 62U);
}

TEST(RollUp, GoesOnWhereItStopped) {
  run::Record record;
  RollUp roll_up(true);
  int minutes = 0;
  for (int t = 1; t <= 2 * 3600; ++t) {
    test::add_second(record, t, 0);
    while (roll_up.step(record.seconds, record.histograms, record.operations, t)) ++minutes;
    ASSERT_LE(record.seconds.size(), 3600U + 61 + 60);
  }
  EXPECT_GE(minutes, 59);
  std::uint64_t completed = 0;
  for (const auto& second : record.seconds) completed += second.counts.completed;
  EXPECT_EQ(completed, 2U * 3600 * 49) << "nothing is lost";
}

TEST(RollUp, OperationsBecomeMinutesEachByItself) {
  run::Record record;
  for (int t = 1; t <= 125; ++t) {
    test::add_second(record, t, 0);  // one of operation 0
    stats::Histogram slow;
    slow.record_us(50'000, 2);
    record.operations.push_back(timed_operation(record.seconds.back(), 1, {{3, 2, 1}, slow}));
  }
  const auto minutes = roll(record, true, 1e6);
  ASSERT_EQ(minutes.size(), 2U);
  ASSERT_EQ(minutes[0].operations.size(), 2U);
  ASSERT_EQ(record.operations.size(), 2U * 2 + 5 * 2);
  const auto& minute = record.operations[3];
  EXPECT_EQ(minute.operation, 1U);
  EXPECT_DOUBLE_EQ(minute.t, record.histograms[1].t);
  EXPECT_DOUBLE_EQ(minute.length, 60);
  EXPECT_EQ(minute.counts.scheduled, 180U);
  EXPECT_EQ(minute.counts.errors, 60U);
  const auto response = stats::Histogram::decode_v2_compressed(minute.response);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->count(), 120U);
  EXPECT_DOUBLE_EQ(record.operations[4].t, 121.1) << "a second still";
}

}  // namespace
}  // namespace gauntlet::record
