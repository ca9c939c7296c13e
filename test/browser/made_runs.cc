#include "browser/made_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "run/measured.h"
#include "verdict/fault_windows.h"

namespace gauntlet::test {
namespace {

constexpr double kRate = 5000;
constexpr std::uint32_t kClients = 150;

class Dice {
 public:
  // In [0, 1).
  double next() { return static_cast<double>(core::split_mix_64(state_) >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_ = 7;
};

run::Plan plan_of(double seconds) {
  run::Plan plan;
  plan.suite = "baseline";
  plan.seed = 42;
  plan.load.connections = kClients;
  plan.load.rate = kRate;
  plan.load.arrivals = run::Arrivals::poisson;
  const auto length = static_cast<core::Nanos>(seconds) * core::kSecond;
  plan.phases = {{.name = "warmup", .duration = length / 12},
                 {.name = "steady", .duration = length / 3, .measured = true},
                 {.name = "recovery", .duration = length - length / 12 - length / 3}};
  return plan;
}

run::Record frame(double seconds) {
  run::Record record;
  record.plan = plan_of(seconds);
  record.run = {.id = "20261126-151500-baseline-4f2a91c0",
                .argv = {"gauntlet", "run", "baseline"},
                .repro = "gauntlet run baseline --mode demo --seed 42",
                .started_at = "2026-11-26T15:15:00Z",
                .duration_s = seconds};
  record.host = {.cpu_model = "A made-up processor",
                 .cores = 2,
                 .kernel = "Linux 6.1",
                 .memory_bytes = 25'000'000'000,
                 .loop_backend = "epoll"};
  record.target.url = "http://127.0.0.1:3000/mcp";
  record.target.protocol = "2025-11-25";
  record.target.transport = "http";
  record.target.server_name = "everything-server";
  record.target.server_version = "2.4.0";
  record.target.pid = 4711;
  record.target.answers = "json";
  record.nonce_verified = true;
  record.floor = run::FloorRecord{
      .messages_per_s = 61'300, .burst_p50_ms = 1.9, .burst_p99_ms = 4.4, .message_bytes = 412};
  for (std::size_t i = 0; i < record.plan.phases.size(); ++i)
    record.phase_start_s.push_back(core::to_seconds(run::phase_start(record.plan, i)));
  record.phases.resize(record.plan.phases.size());
  record.clients.resize(kClients, {.connects = 1});
  return record;
}

// Log-normal times around `median_ms`, `n` of them in 200 draws.
run::Latencies times_of(Dice& dice, double median_ms, std::uint64_t n) {
  constexpr int kDraws = 200;
  run::Latencies times;
  for (int i = 0; i < kDraws; ++i) {
    const double normal =
        std::sqrt(-2 * std::log(1 - dice.next())) * std::cos(6.2831853 * dice.next());
    const double ms = median_ms * std::exp(0.45 * normal);
    times.response.record_us(static_cast<std::uint64_t>(1e3 * ms), n / kDraws);
    times.service.record_us(static_cast<std::uint64_t>(0.9e3 * ms), n / kDraws);
    times.send_lag.record_us(static_cast<std::uint64_t>(20 + 40 * dice.next()), n / kDraws);
  }
  return times;
}

run::TimedHistograms encoded(const run::Second& second, const run::Latencies& times) {
  return {.t = second.t,
          .length = second.length,
          .phase = second.phase,
          .response = times.response.encode_v2_compressed(),
          .service = times.service.encode_v2_compressed(),
          .send_lag = times.send_lag.encode_v2_compressed()};
}

std::uint32_t phase_at(const run::Record& record, double t) {
  std::uint32_t phase = 0;
  while (phase + 1 < record.phase_start_s.size() && record.phase_start_s[phase + 1] < t) ++phase;
  return phase;
}

// A share of the messages fails as `error`, the rest takes about `median_ms`.
void add_second(run::Record& record, Dice& dice, double t, double median_ms, double failing = 0,
                run::ErrorClass error = run::ErrorClass::indeterminate) {
  run::Second second;
  second.t = t;
  second.phase = phase_at(record, t);
  const double due = record.plan.load.rate * (0.98 + 0.04 * dice.next());
  auto& counts = second.counts;
  counts.scheduled = static_cast<std::uint64_t>(due);
  counts.dispatched = counts.scheduled;
  counts.errors[static_cast<std::size_t>(error)] = static_cast<std::uint64_t>(failing * due);
  counts.completed = counts.scheduled - run::sum(counts.errors);
  second.traffic.writes = counts.scheduled;
  const auto times = times_of(dice, median_ms, counts.completed);
  second.response_p50_ms = times.response.quantile_ms(0.5);
  second.response_p95_ms = times.response.quantile_ms(0.95);
  second.response_p99_ms = times.response.quantile_ms(0.99);
  second.response_max_ms = times.response.quantile_ms(1);
  second.service_p99_ms = times.service.quantile_ms(0.99);
  second.send_lag_p99_ms = times.send_lag.quantile_ms(0.99);
  second.connections_ready = record.plan.load.connections;
  second.outstanding = static_cast<std::uint64_t>(median_ms * due / 1e3);
  second.generator_cpu = 0.3 + 0.05 * dice.next();
  auto& totals = record.phases[second.phase];
  totals.counts.add(counts);
  totals.latencies.merge(times);
  record.seconds.push_back(second);
  record.histograms.push_back(encoded(second, times));
}

void add_machine(run::Record& record, Dice& dice, double t, double growth_mb_per_s) {
  const double memory = 48 + growth_mb_per_s * t + 2 * dice.next();
  run::MemorySample sample{.t = t, .resident_mb = memory, .proportional_mb = {}};
  if (static_cast<int>(t) % 2 == 0) sample.proportional_mb = 0.8 * memory;
  record.memory.push_back(sample);
  const run::CoreSample before =
      record.cores.empty() ? run::CoreSample{.t = t - 1} : record.cores.back();
  record.cores.push_back({.t = t,
                          .target_cpu_s = before.target_cpu_s + 0.5 + 0.1 * dice.next(),
                          .target_wait_s = 0,
                          .generator_cpu_s = before.generator_cpu_s + 0.3 + 0.1 * dice.next(),
                          .idle_s = before.idle_s + 0.9,
                          .capacity_s = before.capacity_s + 2});
}

void add_self_check(run::Record& record) {
  auto& check = record.self_check;
  check.send_lag_ms_p50 = 0.04;
  check.send_lag_ms_p95 = 0.055;
  check.send_lag_ms_p99 = 0.06;
  check.send_lag_ms_max = 0.9;
  check.offered_per_s = kRate;
  check.dispatched_per_s = kRate;
  check.achieved_per_s = run::measure(record).achieved_per_s;
  check.cpu_busiest_thread = 0.33;
  check.run_queue_delay_share = 0.012;
  check.target_wait_share = 0.03;
  check.others_cpu_share = 0.05;
  check.threads = {{"main", 0.02, 0.001}, {"load 0", 0.33, 0.012}, {"probe", 0.01, 0.002}};
  check.probe = {{.quantile = "p95",
                  .load_ms = 4.1,
                  .load_low_ms = 4.0,
                  .probe_ms = 4.2,
                  .probe_low_ms = 3.6,
                  .load_high_ms = 4.2,
                  .probe_high_ms = 5.1,
                  .allowed_ms = 10.2,
                  .agrees = true}};
}

// Every `nth` client loses its connection; each is back after up to two seconds, but for `lost`.
void cut(run::Record& record, Dice& dice, std::string id, double at, std::uint32_t nth,
         std::optional<std::uint32_t> lost) {
  run::FaultRecord fault{.id = std::move(id),
                         .kind = "disconnect",
                         .start_s = at,
                         .end_s = at + 0.4,
                         .has_evidence = true,
                         .evidence = {{"kernel_tcp_out_rsts", "38"}, {"client_connections", "75"}}};
  for (std::uint32_t client = 0; client < kClients; client += nth) {
    const double after = 0.4 + 2 * dice.next();
    const std::optional<double> back = client == lost ? std::nullopt : std::optional(after);
    run::Outage outage{.client = client, .start_s = at, .back_s = {}};
    if (back) outage.back_s = at + *back;
    record.outages.push_back(outage);
    fault.clients.push_back({.client = client, .back_after_s = back});
    ++fault.victims;
    fault.reconnected += back ? 1 : 0;
    fault.last_reconnect_s = std::max(fault.last_reconnect_s, outage.back_s.value_or(0));
    auto& outcome = record.clients[client];
    ++outcome.drops;
    outcome.connects += back ? 1 : 0;
    outcome.longest_outage_s = std::max(outcome.longest_outage_s, after);
  }
  record.faults.push_back(std::move(fault));
}

run::TestResult test_of(std::string name, run::Outcome outcome, std::string reason) {
  run::TestResult test;
  test.name = std::move(name);
  test.outcome = outcome;
  test.evidence = "199,812 messages verified, 40 s";
  test.checks = {{"p95", "<= 102 ms, warn <= 110.5 ms", "4.13 ms", outcome, std::move(reason)},
                 {"throughput", ">= 4,500 msg/s", "4,998 msg/s", run::Outcome::pass, ""}};
  return test;
}

run::Verdict every_verdict() {
  using run::Outcome;
  run::Verdict verdict;
  verdict.outcome = Outcome::fail;
  verdict.tests = {
      test_of("baseline.connections_150", Outcome::pass, ""),
      test_of("baseline.latency_percentiles", Outcome::warn, ""),
      test_of("baseline.recovery_time", Outcome::fail, ""),
      test_of("baseline.memory_stability", Outcome::inconclusive,
              "uncertain: the confidence interval of the growth reaches over the limit"),
      test_of("baseline.network_partition", Outcome::skipped, "no network namespace here")};
  return verdict;
}

run::Record seconds_of(double seconds, double rate, std::uint32_t connections, double median_ms) {
  run::Record record = frame(seconds);
  record.plan.load.rate = rate;
  record.plan.load.connections = connections;
  Dice dice;
  for (double t = 1; t <= seconds; ++t) {
    add_second(record, dice, t, median_ms);
    add_machine(record, dice, t, 0);
  }
  add_self_check(record);
  return record;
}

}  // namespace

MadeRun full_run() {
  constexpr double kSeconds = 120;
  run::Record record = frame(kSeconds);
  Dice dice;
  cut(record, dice, "drop_connections", kFaultAtS, 2, std::nullopt);
  cut(record, dice, "abandon", kFaultAtS + 30, 50, 100);
  record.faults.push_back(
      {.id = "partition", .kind = "partition", .skipped = "no network namespace may be made here"});
  for (double t = 1; t <= kSeconds; ++t) {
    const double since = t - kFaultAtS;
    const double hit = since <= 0 || since > 4 ? 0 : std::exp(-since);
    add_second(record, dice, t, 2 + 30 * hit, 0.6 * hit);
    add_machine(record, dice, t, 0.02);
    if (t > kFaultAtS + 30) record.seconds.back().victims_waiting = 1;
    if (hit > 0) record.seconds.back().victims_waiting = static_cast<std::uint64_t>(150 * hit);
    record.seconds.back().connections_ready -= record.seconds.back().victims_waiting;
  }
  add_self_check(record);
  verdict::analyse_faults(record);
  return {std::move(record), every_verdict()};
}

MadeRun hostile_run() {
  MadeRun made = full_run();
  const std::string bad(kHostile);
  auto& record = made.record;
  record.plan.suite = bad;
  record.run.id = bad;
  record.run.repro = bad;
  record.host.cpu_model = bad;
  record.target.url = bad;
  record.target.server_name = bad;
  record.target.server_version = "\xff" + bad;
  record.target.answers = bad;
  record.target_exited = true;
  record.target_exit = bad;
  record.self_check.trusted = false;
  record.self_check.reasons = {bad};
  record.self_check.machine_busy = bad;
  record.self_check.threads[0].name = bad;
  record.self_check.probe[0].quantile = bad;
  record.plan.phases[0].name = bad;
  for (auto& fault : record.faults) {
    fault.id = bad;
    fault.kind = bad;
    fault.evidence.emplace_back(bad, bad);
  }
  record.faults.back().skipped = bad;
  auto& test = made.verdict.tests[0];
  test.name = test.evidence = bad;
  test.checks[0] = {bad, bad, bad, run::Outcome::fail, bad};
  return made;
}

MadeRun day_run() {
  constexpr double kSeconds = 86'400;
  constexpr double kRolledUntilS = 82'800;
  run::Record record = frame(kSeconds);
  record.plan.suite = "sustained";
  record.run.repro = "gauntlet run sustained --mode extended --seed 42";
  run::Test hours{
      .name = "latency_stability", .purpose = "no hour is slow", .limits = {}, .fault = ""};
  hours.limits.push_back({.metric = "p95_hourly", .warn_until = {}, .text = ""});
  record.plan.tests.push_back(hours);
  Dice dice;
  for (double t = 1; t <= kSeconds; ++t) {
    const bool spike = t == 40'000;
    add_second(record, dice, t, spike ? 900 : 2, spike ? 0.5 : 0);
    add_machine(record, dice, t, 1e-3);
    const bool is_minute = std::fmod(t, 60) == 0;
    if (t <= kRolledUntilS && !is_minute) record.histograms.pop_back();
    if (t <= kRolledUntilS && is_minute) record.histograms.back().length = 60;
  }
  add_self_check(record);
  return {std::move(record), every_verdict()};
}

MadeRun climbing_run() {
  MadeRun made{.record = {}, .verdict = every_verdict()};
  std::vector<run::Record> all;
  std::vector<run::LevelResult> results;
  Dice dice;
  for (const std::uint32_t connections : {150U, 500U, 1000U, 5000U, 10'000U}) {
    const double n = connections;
    const double rate = (28 + 4 * dice.next()) * n / (1 + 6e-5 * (n - 1));
    all.push_back(seconds_of(60, rate, connections, 2 + n / 2000));
    all.back().floor->messages_per_s = 420'000;
    if (connections == 10'000)
      all.back().self_check.reasons = {"send lag p99 14.2 ms is more than a tenth of the limit"};
    all.back().self_check.trusted = all.back().self_check.reasons.empty();
    results.push_back(run::level_result(all.back()));
    results.back().level = {.name = fmt::format("connections_{}", connections),
                            .connections = connections,
                            .rate = all.back().plan.load.rate,
                            .burst = 16};
    results.back().judged = true;
  }
  made.record = all.back();
  made.record.plan.suite = "scale";
  made.record.levels = std::move(results);
  made.record.level_records = std::move(all);
  return made;
}

MadeRun capacity_run() {
  MadeRun made{.record = seconds_of(30, 40'000, 150, 3), .verdict = {}};
  run::Capacity capacity;
  capacity.from = 1000;
  capacity.to = 64'000;
  for (const double load : {1000.0, 8000.0, 64'000.0, 40'000.0}) {
    run::CapacityStep step{.load = load, .result = run::level_result(made.record), .gave_way = {}};
    step.result.achieved_per_s = std::min(load, 42'000.0);
    if (load > 42'000)
      step.gave_way = {.who = run::GaveWay::Who::limits,
                       .metrics = {"p99"},
                       .reason = "p99 132 ms, limit < 100 ms"};
    capacity.steps.push_back(step);
  }
  capacity.found = stats::Estimate{.value = 41'000, .low = 39'000, .high = 43'500};
  made.record.capacity = std::move(capacity);
  made.verdict = every_verdict();
  return made;
}

}  // namespace gauntlet::test
