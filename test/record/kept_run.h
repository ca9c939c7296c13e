// A made-up run of three minutes with something in every part of its record, for the store to keep.
#pragma once

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include "record/roll_up.h"
#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::test {

// A folder of its own that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "gauntlet-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline run::Plan kept_plan() {
  run::Plan plan;
  plan.suite = "kept";
  plan.seed = 18446744073709551615U;
  plan.mode = run::Mode::short_;
  plan.load.connections = 3;
  plan.load.rate = 1000.1;
  plan.load.arrivals = run::Arrivals::poisson;
  plan.load.mix.push_back({.tool = "echo", .arguments = R"({"a":"ä\n"})", .weight = 0.1});
  plan.load.headers = {{"X-One", "1"}, {"X-Two", ""}};
  plan.phases = {{"warmup", 60 * core::kSecond, false}, {"steady", 120 * core::kSecond, true}};
  plan.faults.push_back({.id = "cut", .kind = "disconnect", .phase = "steady"});
  plan.faults.back().with = {{"rate", "2%"}};
  plan.tests.push_back({.name = "errors", .purpose = "few", .limits = {}, .fault = ""});
  plan.tests.back().limits.push_back({.metric = "error_rate",
                                      .comparison = run::Comparison::below,
                                      .value = 0.001,
                                      .warn_until = 0.01,
                                      .text = "error_rate < 0.1%, warn <= 1%"});
  return plan;
}

inline run::Latencies latencies_of(int second) {
  run::Latencies latencies;
  for (int i = 1; i <= 50; ++i)
    latencies.response.record_us(static_cast<std::uint64_t>(1000 + i * 13 + second));
  latencies.service.record_us(900, 50);
  latencies.send_lag.record_us(7, 50);
  return latencies;
}

inline run::Second second_at(int t, std::uint32_t phase) {
  run::Second second;
  second.t = t + 0.1;
  second.phase = phase;
  second.counts.scheduled = second.counts.dispatched = 50;
  second.counts.completed = 49;
  second.counts.errors[2] = 1;
  second.counts.breaches[1] = 2;
  second.traffic.writes = 25;
  second.connections_ready = 3;
  second.generator_cpu = 0.1 + 0.001 * t;
  record::set_percentiles(second, latencies_of(t));
  return second;
}

inline void add_second(run::Record& record, int t, std::uint32_t phase) {
  record.seconds.push_back(second_at(t, phase));
  record.histograms.push_back(record::timed_histograms(record.seconds.back(), latencies_of(t)));
  record.operations.push_back(
      record::timed_operation(record.seconds.back(), 0, {{50, 49, 1}, latencies_of(t).response}));
}

inline run::FaultRecord kept_fault() {
  run::FaultRecord fault;
  fault.id = "cut";
  fault.kind = "disconnect";
  fault.start_s = 90;
  fault.end_s = 90.5;
  fault.victims = 1;
  fault.clients = {{.client = 2, .back_after_s = {}}, {.client = 1, .back_after_s = 0.25}};
  fault.has_evidence = true;
  fault.evidence = {{"kernel_tcp_out_rsts", "1"}};
  fault.analysis.emplace();
  fault.analysis->recovery.status = stats::RecoveryStatus::recovered;
  fault.analysis->recovery.recovered = {1, 0.5};
  fault.analysis->residual_p50 = {0.1, -std::numeric_limits<double>::infinity(), 0.2};
  return fault;
}

inline run::Record kept_run(int seconds = 180) {
  run::Record record;
  record.plan = kept_plan();
  record.run = {.id = "20261126-kept",
                .argv = {"gauntlet", "run", "bad \xff byte"},
                .repro = "gauntlet run kept",
                .started_at = "2026-11-26T12:00:00Z",
                .duration_s = 180.25};
  record.host.cpu_model = "A \"fast\" CPU";
  record.target.url = "http://127.0.0.1:3000/mcp";
  record.target.transport = "http";
  record.target.pid = 77;
  record.phases.resize(2);
  record.phase_start_s = {0, 60};
  for (int t = 1; t <= seconds; ++t) {
    const std::uint32_t phase = t <= 60 ? 0 : 1;
    add_second(record, t, phase);
    record.phases[phase].counts.add(record.seconds.back().counts);
    record.phases[phase].latencies.merge(latencies_of(t));
    record.memory.push_back(
        {t + 0.2, 10.0 / 3 + t, t % 2 == 0 ? std::optional(9.5) : std::nullopt});
    if (t % 5 == 0) record.holdings.push_back({t + 0.2, 3, 1, 50, 4});
    if (t % 5 == 0)
      record.gauges.push_back({t + 0.3, 7, t % 2 == 0 ? std::optional(1.5) : std::nullopt});
    record.cores.push_back({.t = t + 0.2, .target_cpu_s = 0.5 * t, .capacity_s = 2.0 * t});
  }
  record.clients = {{.completed = 5, .longest_outage_s = 0.1}, {.errors = 3}, {.drops = 1}};
  record.outages = {{.client = 1, .start_s = 90, .back_s = 90.25}, {2, 90, {}}};
  record.faults = {kept_fault()};
  record.gaps = {{.start_s = 70, .end_s = 70.1, .phase = 1, .undecided = 4, .how = "died"}};
  record.self_check.reasons = {"none, really"};
  record.self_check.threads = {{"main", 0.01, NAN}};
  record.self_check.floor_share = 0.5;
  record.floor = run::FloorRecord{.messages_per_s = 1e6};
  record.opened_s = 0.3;
  record.connections_peak = 3;
  record.nonce_verified = true;
  return record;
}

inline run::Verdict kept_verdict() {
  run::Verdict verdict;
  verdict.outcome = run::Outcome::warn;
  verdict.tests.resize(1);
  verdict.tests[0].name = "kept.errors";
  verdict.tests[0].reason = "so";
  verdict.tests[0].checks = {{"error_rate", "< 0.1 %", "0.5 %", run::Outcome::warn, ""}};
  return verdict;
}

}  // namespace gauntlet::test
