// A healthy run made by hand, for tests to damage: 5 s warm-up, 30 s measured steady phase, 25 s
// with a fault 3 s in; 100 messages a second, 10 connections, 2 ms each.
#pragma once

#include <string>
#include <string_view>

#include "run/limit.h"
#include "run/record.h"

namespace gauntlet::test {

inline constexpr double kSteadyStart = 5;
inline constexpr double kSteadyEnd = 35;
inline constexpr double kFaultAt = 38;
inline constexpr double kLoadEnd = 60;

inline run::Plan made_plan() {
  run::Plan plan;
  plan.suite = "made";
  plan.load.connections = 10;
  plan.load.rate = 100;
  plan.phases = {{"warmup", 5 * core::kSecond, false},
                 {"steady", 30 * core::kSecond, true},
                 {"recovery", 25 * core::kSecond, false}};
  plan.faults.emplace_back();
  plan.faults.back().id = "cut";
  plan.faults.back().kind = "disconnect";
  plan.faults.back().phase = "recovery";
  plan.faults.back().at = 3 * core::kSecond;
  return plan;
}

inline run::Second made_second(int end) {
  run::Second second;
  second.t = end;
  second.phase = end <= kSteadyStart ? 0 : end <= kSteadyEnd ? 1 : 2;
  second.counts.scheduled = second.counts.dispatched = second.counts.completed = 100;
  second.traffic.writes = 50;
  second.response_p50_ms = second.response_p95_ms = second.response_p99_ms = 2;
  second.connections_ready = 10;
  second.outstanding = 1;
  return second;
}

inline run::PhaseTotals made_totals(std::uint64_t messages) {
  run::PhaseTotals totals;
  totals.counts.scheduled = totals.counts.dispatched = totals.counts.completed = messages;
  totals.latencies.response.record_us(2000, messages);
  totals.latencies.service.record_us(1900, messages);
  totals.latencies.send_lag.record_us(50, messages);
  return totals;
}

inline run::FaultRecord made_fault() {
  run::FaultRecord fault;
  fault.id = "cut";
  fault.kind = "disconnect";
  fault.start_s = fault.end_s = kFaultAt + 0.01;
  fault.victims = fault.reconnected = 5;
  fault.last_reconnect_s = kFaultAt + 0.26;
  fault.has_evidence = true;
  fault.evidence = {{"kernel_tcp_out_rsts", "3"}};
  return fault;
}

inline run::Record made_record() {
  run::Record record;
  record.plan = made_plan();
  record.phases = {made_totals(500), made_totals(3000), made_totals(2500)};
  record.phase_start_s = {0, kSteadyStart, kSteadyEnd};
  for (int end = 1; end <= kLoadEnd; ++end) record.seconds.push_back(made_second(end));
  for (int t = 0; t <= kLoadEnd; ++t) record.memory.push_back({static_cast<double>(t), 40.0});
  record.clients.resize(10);
  for (auto& client : record.clients) client.completed = 300;
  record.faults.push_back(made_fault());
  record.nonce_verified = true;
  record.host.cores = 2;
  return record;
}

// Cores of a machine with two of them, a sample a second: in each, the target used 0.4 s of CPU and
// the generator 0.1 s, and the rest as given.
inline void set_cores(run::Record& record, double others_s, double target_wait_s) {
  record.cores.clear();
  for (int t = 0; t <= kLoadEnd; ++t) {
    record.cores.push_back({.t = t + 0.02,
                            .target_cpu_s = 100 + 0.4 * t,
                            .target_wait_s = 200 + target_wait_s * t,
                            .generator_cpu_s = 300 + 0.1 * t,
                            .idle_s = 400 + (1.5 - others_s) * t,
                            .capacity_s = 600 + 2.0 * t});
  }
}

// Gives the plan one more test of these limits.
inline void ask(run::Record& record, std::string name, std::initializer_list<const char*> limits,
                std::string fault = "") {
  run::Test test;
  test.name = std::move(name);
  test.fault = std::move(fault);
  for (const char* text : limits) test.limits.push_back(run::parse_limit(text).value());
  record.plan.tests.push_back(std::move(test));
}

}  // namespace gauntlet::test
