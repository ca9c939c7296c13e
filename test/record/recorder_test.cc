#include "record/recorder.h"

#include <gtest/gtest.h>

namespace gauntlet::record {
namespace {

run::Plan plan() {
  run::Plan plan;
  plan.phases = {{"warmup", core::kSecond, false}, {"steady", 10 * core::kSecond, true}};
  return plan;
}

run::Snapshot snapshot(double start_s, double end_s, std::uint64_t completed,
                       std::uint32_t phase = 1) {
  run::Snapshot snapshot;
  snapshot.start = core::from_seconds(start_s);
  snapshot.end = core::from_seconds(end_s);
  snapshot.phase = phase;
  snapshot.counts.scheduled = snapshot.counts.completed = completed;
  snapshot.latencies.response.record_us(1000, completed);
  snapshot.connections_ready = 5;
  snapshot.outstanding = 2;
  snapshot.cpu = core::from_seconds((end_s - start_s) / 4);
  return snapshot;
}

TEST(Recorder, ClosesASecondWhenEveryThreadReportedIt) {
  Recorder recorder(plan(), 2);
  EXPECT_FALSE(recorder.add(0, snapshot(0, 1, 10)));
  EXPECT_TRUE(recorder.add(1, snapshot(0, 1.01, 20)));
  ASSERT_EQ(recorder.seconds().size(), 1U);
  const auto& second = recorder.seconds()[0];
  EXPECT_DOUBLE_EQ(second.t, 1.01);
  EXPECT_DOUBLE_EQ(second.length, 1.01);
  EXPECT_EQ(second.counts.completed, 30U);
  EXPECT_EQ(second.connections_ready, 10U);
  EXPECT_EQ(second.phase, 1U);
  EXPECT_NEAR(second.response_p99_ms, 1, 0.001);
  EXPECT_NEAR(second.generator_cpu, 0.5, 0.01);
}

TEST(Recorder, ThreadThatReportsTwoSecondsInOneHoldsTheOthersBack) {
  Recorder recorder(plan(), 2);
  EXPECT_FALSE(recorder.add(0, snapshot(0, 1, 10)));
  EXPECT_FALSE(recorder.add(0, snapshot(1, 2, 11)));
  EXPECT_TRUE(recorder.add(1, snapshot(0, 2, 40)));
  ASSERT_EQ(recorder.seconds().size(), 1U);
  EXPECT_DOUBLE_EQ(recorder.seconds()[0].length, 2);
  EXPECT_EQ(recorder.seconds()[0].counts.completed, 61U);
  EXPECT_EQ(recorder.seconds()[0].connections_ready, 10U) << "gauges are not added over time";
  EXPECT_EQ(recorder.seconds()[0].outstanding, 4U);
}

TEST(Recorder, SilentThreadDoesNotHoldSecondsForEver) {
  Recorder recorder(plan(), 2);
  int closed = 0;
  for (int i = 0; i < 7; ++i) closed += recorder.add(0, snapshot(i, i + 1, 10)) ? 1 : 0;
  EXPECT_EQ(closed, 1);
  EXPECT_DOUBLE_EQ(recorder.seconds()[0].length, 6);
}

TEST(Recorder, FinishClosesWhatIsLeftOnce) {
  Recorder recorder(plan(), 2);
  recorder.add(0, snapshot(0, 0.3, 3));
  EXPECT_TRUE(recorder.finish());
  EXPECT_FALSE(recorder.finish());
  EXPECT_EQ(recorder.seconds().size(), 1U);
}

TEST(Recorder, APauseIsOneOfAllThreads) {
  Recorder recorder(plan(), 2);
  const auto with_pause = [](double start_s, double from_s, double to_s) {
    auto result = snapshot(start_s, start_s + 1, 10);
    result.pause_start = core::from_seconds(from_s);
    result.pause_end = core::from_seconds(to_s);
    return result;
  };
  recorder.add(0, with_pause(0, 0.2, 0.7));
  recorder.add(1, with_pause(0, 0.5, 0.9));
  recorder.add(0, with_pause(1, 1.1, 1.3));
  recorder.add(1, with_pause(1, 1.5, 1.9));
  ASSERT_EQ(recorder.seconds().size(), 2U);
  EXPECT_NEAR(recorder.seconds()[0].pause_s, 0.2, 1e-9);
  EXPECT_EQ(recorder.seconds()[1].pause_s, 0) << "never both at once";
}

TEST(Recorder, OfAThreadsTwoSecondsTheLongerPauseCounts) {
  Recorder recorder(plan(), 2);
  auto first = snapshot(0, 1, 10);
  first.pause_start = core::from_seconds(0.1);
  first.pause_end = core::from_seconds(0.6);
  recorder.add(0, first);
  recorder.add(0, snapshot(1, 2, 10));
  auto other = snapshot(0, 2, 20);
  other.pause_start = 0;
  other.pause_end = core::from_seconds(1);
  ASSERT_TRUE(recorder.add(1, other));
  EXPECT_NEAR(recorder.seconds()[0].pause_s, 0.5, 1e-9);
}

TEST(Recorder, KeepsTheHistogramsOfEachSecond) {
  Recorder recorder(plan(), 1);
  recorder.add(0, snapshot(0, 1, 10));
  recorder.add(0, snapshot(1, 2, 30));
  ASSERT_EQ(recorder.histograms().size(), 2U);
  const auto second = decode(recorder.histograms()[1]);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->response.count(), 30U);
  EXPECT_DOUBLE_EQ(recorder.histograms()[1].t, recorder.seconds()[1].t);
  EXPECT_TRUE(recorder.take_minutes().empty());
}

TEST(Recorder, TotalsAreOfAllPhases) {
  Recorder recorder(plan(), 1);
  recorder.add(0, snapshot(0, 1, 10, 0));
  recorder.add(0, snapshot(1, 2, 20, 1));
  EXPECT_EQ(recorder.totals().counts.completed, 30U);
  EXPECT_EQ(recorder.totals().response.count(), 30U);
  EXPECT_DOUBLE_EQ(recorder.totals().generator_cpu_s, 0.5);
}

TEST(Recorder, FillsPeakAndTheWorstThreadOfTheMeasuredPhase) {
  Recorder recorder(plan(), 2);
  auto idle = snapshot(1, 2, 10);
  auto busy = snapshot(1, 2, 10);
  busy.cpu = core::from_seconds(0.9);
  busy.run_queue_delay = core::from_seconds(0.05);
  busy.connections_ready = 70;
  auto warm = snapshot(0, 1, 10, 0);
  warm.cpu = core::from_seconds(1);  // not measured, does not count
  recorder.add(0, warm);
  recorder.add(1, warm);
  recorder.add(0, idle);
  recorder.add(1, busy);
  run::Record record;
  record.connections_peak = 3;
  recorder.fill(record);
  EXPECT_EQ(record.seconds.size(), 2U);
  EXPECT_EQ(record.connections_peak, 75U);
  EXPECT_DOUBLE_EQ(record.self_check.cpu_busiest_thread, 0.9);
  EXPECT_DOUBLE_EQ(record.self_check.run_queue_delay_share, 0.05);
}

TEST(Recorder, GoesOnWithWhatAnEarlierOneHad) {
  Recorder first(plan(), 1);
  first.add(0, snapshot(0, 1, 10, 0));
  first.add(0, snapshot(1, 2, 20));
  Recorder second(plan(), 1);
  second.go_on(first.seconds(), first.histograms(), {}, 7.5);
  auto later = snapshot(0, 1, 30);
  later.first_signal = core::from_seconds(0.5);
  second.add(0, later);
  ASSERT_EQ(second.seconds().size(), 3U);
  EXPECT_DOUBLE_EQ(second.seconds()[1].t, 2);
  EXPECT_DOUBLE_EQ(second.seconds()[2].t, 8.5);
  EXPECT_DOUBLE_EQ(second.seconds()[2].first_signal_s, 8);
  EXPECT_DOUBLE_EQ(second.seconds()[1].first_signal_s, 0);
  EXPECT_DOUBLE_EQ(second.histograms()[2].t, 8.5);
  EXPECT_EQ(second.totals().counts.completed, 60U);
  EXPECT_EQ(second.totals().response.count(), 60U);
  EXPECT_DOUBLE_EQ(second.totals().generator_cpu_s, 0.75);
}

TEST(Recorder, KeepsEachOperationOfASecond) {
  Recorder recorder(plan(), 2);
  auto of_two = snapshot(0, 1, 10);
  of_two.operations.resize(2);
  of_two.operations[1].counts = {3, 2, 1};
  of_two.operations[1].response.record_us(7000, 2);
  recorder.add(0, of_two);
  ASSERT_TRUE(recorder.add(1, of_two));
  ASSERT_EQ(recorder.operations().size(), 2U);
  const auto& second = recorder.operations()[1];
  EXPECT_DOUBLE_EQ(second.t, 1);
  EXPECT_EQ(second.phase, 1U);
  EXPECT_EQ(second.operation, 1U);
  EXPECT_EQ(second.counts.scheduled, 6U);
  EXPECT_EQ(second.counts.errors, 2U);
  EXPECT_EQ(stats::Histogram::decode_v2_compressed(second.response)->count(), 4U);
}

}  // namespace
}  // namespace gauntlet::record
