#include "run/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/snapshot.h"
#include "run/verdict.h"

namespace gauntlet::run {
namespace {

TEST(Counts, AddUpClassByClass) {
  Counts a{.scheduled = 10, .dispatched = 9, .completed = 7, .errors = {}, .notifications = 1};
  Counts b = a;
  a.errors[0] = 1;
  b.errors[9] = 2;
  a.add(b);
  EXPECT_EQ(a.scheduled, 20U);
  EXPECT_EQ(a.dispatched, 18U);
  EXPECT_EQ(a.completed, 14U);
  EXPECT_EQ(a.notifications, 2U);
  EXPECT_THAT(a.errors, testing::ElementsAre(1, 0, 0, 0, 0, 0, 0, 0, 0, 2));
  EXPECT_EQ(sum(a.errors), 3U);
}

TEST(Snapshot, MergesThreadsOfTheSameSecond) {
  Snapshot a, b;
  a.start = 10;
  a.end = 20;
  a.connections_ready = 3;
  a.cpu = 5;
  a.latencies.response.record_us(100);
  b.start = 9;
  b.end = 21;
  b.connections_ready = 4;
  b.outstanding = 2;
  b.traffic.writes = 6;
  b.latencies.response.record_us(300, 2);
  a.merge(b);
  EXPECT_EQ(a.start, 9);
  EXPECT_EQ(a.end, 21);
  EXPECT_EQ(a.connections_ready, 7U);
  EXPECT_EQ(a.outstanding, 2U);
  EXPECT_EQ(a.cpu, 5);
  EXPECT_EQ(a.traffic.writes, 6U);
  EXPECT_EQ(a.latencies.response.count(), 3U);
  EXPECT_EQ(a.latencies.response.max_us(), 300U);
}

TEST(Latencies, ResetEmptiesAll) {
  Latencies latencies;
  for (auto* h : {&latencies.response, &latencies.service, &latencies.send_lag}) h->record_us(5);
  latencies.reset();
  EXPECT_TRUE(latencies.response.empty() && latencies.service.empty() &&
              latencies.send_lag.empty());
}

TEST(FaultRecord, MergesSharesOfAFault) {
  FaultRecord a{.id = "cut",
                .kind = "disconnect",
                .start_s = 38.1,
                .end_s = 38.2,
                .victims = 40,
                .reconnected = 40,
                .last_reconnect_s = 38.4,
                .has_evidence = true,
                .evidence = {{"resets", "20"}, {"source", "own sockets"}}};
  const FaultRecord b{.id = "cut",
                      .kind = "disconnect",
                      .start_s = 38.0,
                      .end_s = 38.3,
                      .victims = 35,
                      .reconnected = 34,
                      .last_reconnect_s = 38.9,
                      .has_evidence = true,
                      .evidence = {{"resets", "17"}, {"source", "own sockets"}}};
  a.merge(b);
  EXPECT_DOUBLE_EQ(a.start_s, 38.0);
  EXPECT_DOUBLE_EQ(a.end_s, 38.3);
  EXPECT_EQ(a.victims, 75U);
  EXPECT_EQ(a.reconnected, 74U);
  EXPECT_DOUBLE_EQ(a.last_reconnect_s, 38.9);
  EXPECT_THAT(a.evidence, testing::ElementsAre(testing::Pair("resets", "37"),
                                               testing::Pair("source", "own sockets")));
}

FaultRecord share(std::uint64_t victims, bool has_evidence) {
  FaultRecord fault;
  fault.start_s = 38;
  fault.end_s = 39;
  fault.victims = victims;
  fault.has_evidence = has_evidence;
  return fault;
}

TEST(FaultRecord, AThreadWithoutVictimsDoesNotMoveTheWindow) {
  FaultRecord a = share(1, true);
  a.merge(FaultRecord{});
  EXPECT_DOUBLE_EQ(a.start_s, 38);
  EXPECT_DOUBLE_EQ(a.end_s, 39);
  EXPECT_TRUE(a.has_evidence);
  FaultRecord none;
  none.merge(a);
  EXPECT_DOUBLE_EQ(none.start_s, 38);
}

TEST(FaultRecord, OneThreadsVictimsWithoutEvidenceSpoilTheWhole) {
  FaultRecord a = share(1, true);
  a.merge(share(1, false));
  EXPECT_FALSE(a.has_evidence);
}

TEST(Record, KnowsItsMeasuredPhase) {
  Record record;
  record.plan.phases = {{.name = "warmup", .duration = 1, .measured = false},
                        {.name = "steady", .duration = 1, .measured = true}};
  EXPECT_EQ(record.measured_phase(), 1U);
  record.plan.phases.pop_back();
  EXPECT_DEATH(record.measured_phase(), "plan.cc");
}

TEST(Names, OfEveryValue) {
  EXPECT_EQ(to_string(Outcome::pass), "PASS");
  EXPECT_EQ(to_string(Outcome::skipped), "SKIPPED");
  EXPECT_EQ(to_string(Outcome::warn), "WARN");
  EXPECT_EQ(to_string(Outcome::inconclusive), "INCONCLUSIVE");
  EXPECT_EQ(to_string(Outcome::fail), "FAIL");
  EXPECT_EQ(to_string(Mode::short_), "short");
  EXPECT_EQ(to_string(Arrivals::closed), "closed");
  EXPECT_EQ(to_string(Comparison::at_least), ">=");
}

TEST(Record, GapsMoveThePhasesAfterThem) {
  Record record;
  record.plan.phases = {{"a", 10 * core::kSecond, false},
                        {"b", 20 * core::kSecond, true},
                        {"c", 30 * core::kSecond, false}};
  EXPECT_EQ(record.gaps_text(), "");
  record.gaps = {{.start_s = 4, .end_s = 6.5, .phase = 0, .undecided = 0, .how = "died"}};
  EXPECT_EQ(record.gaps_text(), "resumed once, gap 2.5 s");
  record.gaps.push_back({.start_s = 20, .end_s = 25, .phase = 1, .undecided = 0, .how = "died"});
  EXPECT_EQ(record.gaps_text(), "resumed 2 times, gap 7.5 s");
  EXPECT_DOUBLE_EQ(record.begin_of_phase_s(0), 0);
  EXPECT_DOUBLE_EQ(record.begin_of_phase_s(1), 12.5);
  EXPECT_DOUBLE_EQ(record.begin_of_phase_s(2), 37.5);
  EXPECT_DOUBLE_EQ(record.begin_of_phase_s(3), 67.5);
  EXPECT_DOUBLE_EQ(record.gaps_s(5, 22), 3.5);
}

}  // namespace
}  // namespace gauntlet::run
