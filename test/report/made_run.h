// A small finished run with a verdict of every kind, for the reports to show.
#pragma once

#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::test {

inline run::Plan report_plan() {
  run::Plan plan;
  plan.suite = "baseline";
  plan.seed = 18446744073709551615U;
  plan.load.connections = 150;
  plan.load.rate = 5000;
  plan.load.arrivals = run::Arrivals::poisson;
  plan.phases = {{"warmup", core::kSecond, false}, {"steady", 2 * core::kSecond, true}};
  return plan;
}

inline run::Record report_record() {
  run::Record record;
  record.plan = report_plan();
  record.run = {.id = "20261123-202141-baseline",
                .argv = {"gauntlet", "run", "baseline", "-H", "X: <&\">"},
                .repro = "gauntlet run baseline --seed 18446744073709551615",
                .started_at = "2026-11-23T20:21:41Z",
                .duration_s = 3.25};
  record.host = {.cpu_model = "A \"fast\" CPU",
                 .cores = 2,
                 .kernel = "6.1",
                 .memory_bytes = 1024,
                 .loop_backend = "epoll"};
  record.target.url = "http://127.0.0.1:3000/mcp";
  record.target.protocol = "2025-11-25";
  record.target.transport = "http";
  record.target.server_name = "bad \xff name";
  record.target.server_version = "1";
  record.target.pid = 77;
  record.phases.resize(2);
  auto& totals = record.phases[1];
  totals.counts = {.scheduled = 10'000,
                   .dispatched = 10'000,
                   .completed = 9'990,
                   .errors = {},
                   .notifications = 0};
  totals.counts.errors[0] = 10;
  totals.latencies.response.record_us(2000, 9'990);
  totals.latencies.service.record_us(1900, 9'990);
  totals.latencies.send_lag.record_us(50, 10'000);
  record.phase_start_s = {0, 1};
  for (int end = 1; end <= 3; ++end) {
    record.seconds.emplace_back();
    record.seconds.back().t = end;
    record.seconds.back().phase = end == 1 ? 0 : 1;
    record.seconds.back().counts.scheduled = 5000;
    record.seconds.back().counts.dispatched = 5000;
    record.seconds.back().counts.completed = 4995;
    record.seconds.back().traffic.writes = 2500;
  }
  record.memory = {{0, 10}, {1, 30}, {2, 20}};
  record.clients.resize(3);
  record.clients[0] = {.connects = 3,
                       .drops = 2,
                       .longest_outage_s = 0.25,
                       .sessions_opened = 1,
                       .sessions_kept = 2,
                       .sessions_lost = 0};
  record.clients[1] = {.connects = 2,
                       .drops = 1,
                       .longest_outage_s = 0.05,
                       .sessions_opened = 2,
                       .sessions_kept = 0,
                       .sessions_lost = 1};
  record.faults.emplace_back();
  record.faults[0].id = "cut";
  record.faults[0].evidence = {{"kernel_tcp_out_rsts", "38"}};
  record.self_check.send_lag_ms_p99 = 0.05;
  record.self_check.cpu_busiest_thread = 0.21;
  return record;
}

inline run::TestResult report_test(const char* name, run::Outcome outcome, const char* reason) {
  run::TestResult test;
  test.name = name;
  test.outcome = outcome;
  test.reason = reason;
  test.observed = "p95 2.1 ms";
  test.limit = "p95 <= 102 ms";
  test.evidence = "9,990 messages verified";
  test.checks = {{"p95", "<= 102 ms", "2.1 ms", outcome, reason}};
  return test;
}

inline run::Verdict report_verdict() {
  using run::Outcome;
  run::Verdict verdict;
  verdict.outcome = Outcome::fail;
  verdict.tests = {report_test("baseline.connections_150", Outcome::pass, ""),
                   report_test("baseline.zone", Outcome::warn, ""),
                   report_test("baseline.error_rate", Outcome::fail, ""),
                   report_test("baseline.recovery_time", Outcome::inconclusive,
                               "no_evidence: \"cut\" <did> not happen & so on"),
                   report_test("baseline.memory_stability", Outcome::skipped, "not \x01 here")};
  verdict.tests[0].checks.push_back(
      {"throughput", ">= 4,500 msg/s", "4,998 msg/s", Outcome::pass, ""});
  return verdict;
}

}  // namespace gauntlet::test
