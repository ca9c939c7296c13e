// What a day leaves behind: a store of 24 h at 15,000 connections and 30,000 messages a second, of
// as many operations as are kept, second by second as a run writes it, on simulated time. Prints
// how large it and what is kept in memory become, and what a second costs the main thread. Exits
// with 1 where it is 300 MB or more.
//   record_store_bench [HOURS] [FOLDER] [OPERATIONS]    0: a mix of one entry, which has none
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <string>

#include "core/random.h"
#include "record/roll_up.h"
#include "record/store.h"

namespace gauntlet::record {
namespace {

constexpr double kMb = 1024.0 * 1024.0;
constexpr double kLimitMb = 300;
constexpr int kConnections = 15'000;
constexpr int kCellsDrawn = 1'500;  // times drawn a second, each counted kWeight times
constexpr int kWeight = 20;

// About log-normal: a median of 2 ms, and p99 of 12 ms.
run::Latencies latencies_of(core::Random& random) {
  run::Latencies latencies;
  for (int i = 0; i < kCellsDrawn; ++i) {
    double normal = -6;
    for (int k = 0; k < 12; ++k) normal += random.uniform();
    const double us = 2000 * std::exp(0.77 * normal);
    latencies.response.record_us(static_cast<std::uint64_t>(us), kWeight);
    latencies.service.record_us(static_cast<std::uint64_t>(us * 0.9), kWeight);
    latencies.send_lag.record_us(static_cast<std::uint64_t>(us * 0.02), kWeight);
  }
  return latencies;
}

run::Record head() {
  run::Record record;
  record.run.id = "day";
  record.plan.suite = "sustained";
  record.plan.load.connections = kConnections;
  record.plan.phases = {{"steady", 24 * 3600 * core::kSecond, true}};
  record.phase_start_s = {0};
  return record;
}

void add_second(run::Record& record, int t, const run::Latencies& latencies,
                std::uint32_t operations) {
  run::Second second;
  second.t = t;
  second.counts.scheduled = second.counts.dispatched = second.counts.completed =
      kCellsDrawn * kWeight;
  second.traffic = {3'600'000, 4'800'000, 1'900, 1'900};
  second.connections_ready = kConnections;
  set_percentiles(second, latencies);
  record.seconds.push_back(second);
  record.histograms.push_back(timed_histograms(second, latencies));
  for (std::uint32_t i = 0; i < operations; ++i)
    record.operations.push_back(timed_operation(second, i, {{}, latencies.response}));
  record.memory.push_back(
      {t + 0.1, 180 + std::sin(t * 0.01), t % 2 == 0 ? std::optional(150.0) : std::nullopt});
  record.cores.push_back({t + 0.1, 0.7 * t, 0.1 * t, 0.8 * t, 0.4 * t, 2.0 * t});
  if (t % 5 == 0) record.holdings.push_back({t + 0.1, 2, 0, kConnections + 40, 2});
  record.gauges.push_back({t + 0.1, kConnections, 150});
}

std::size_t bytes_kept(const run::Record& record) {
  std::size_t bytes = record.seconds.size() * sizeof(run::Second) +
                      record.memory.size() * sizeof(run::MemorySample) +
                      record.cores.size() * sizeof(run::CoreSample) +
                      record.holdings.size() * sizeof(run::HoldingsSample);
  for (const auto& each : record.histograms)
    bytes += sizeof(each) + each.response.size() + each.service.size() + each.send_lag.size();
  for (const auto& each : record.operations) bytes += sizeof(each) + each.response.size();
  return bytes;
}

int check(const core::Result<void>& done) {
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().text);
  return 1;
}

int write_hours(int hours, const std::filesystem::path& folder, std::uint32_t operations) {
  run::Record record = head();
  Store store(folder);
  if (check(store.begin(0, record)) != 0) return 1;
  RollUp roll_up(true);
  core::Random random(1);
  std::chrono::duration<double> spent{};
  std::size_t most = 0;
  for (int t = 1; t <= hours * 3600; ++t) {
    const run::Latencies latencies = latencies_of(random);
    const auto begin = std::chrono::steady_clock::now();
    add_second(record, t, latencies, operations);
    std::vector<RollUp::Minute> minutes;
    while (auto minute = roll_up.step(record.seconds, record.histograms, record.operations, t))
      minutes.push_back(std::move(*minute));
    const auto done = store.add(0, {.seconds = record.seconds,
                                    .histograms = record.histograms,
                                    .operations = record.operations,
                                    .memory = record.memory,
                                    .holdings = record.holdings,
                                    .gauges = record.gauges,
                                    .cores = record.cores,
                                    .faults = {},
                                    .minutes = minutes,
                                    .self_check = &record.self_check});
    if (check(done) != 0) return 1;
    spent += std::chrono::steady_clock::now() - begin;
    most = std::max(most, bytes_kept(record));
  }
  record.clients.resize(kConnections);
  record.phases.resize(1);
  if (check(store.finish(record, {}, 0)) != 0) return 1;
  store = Store(folder);  // closes it
  const double mb =
      static_cast<double>(std::filesystem::file_size(folder / "day" / kStoreName)) / kMb;
  fmt::print(
      "{} h, {} operations: run.db {:.1f} MB, in memory {:.1f} MB, {:.2f} ms of the main "
      "thread a second\n",
      hours, operations, mb, static_cast<double>(most) / kMb, spent.count() * 1e3 / (hours * 3600));
  return mb < kLimitMb ? 0 : 1;
}

}  // namespace
}  // namespace gauntlet::record

int main(int argc, char** argv) {
  const int hours = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 24;
  const bool keeps = argc > 2;
  const std::filesystem::path folder =
      keeps ? std::filesystem::path(argv[2])
            : std::filesystem::temp_directory_path() / fmt::format("gauntlet-day-{}", hours);
  constexpr std::uint32_t kMost = gauntlet::run::kOperationsKept;
  const std::uint32_t operations =
      argc > 3 ? std::min(static_cast<std::uint32_t>(std::max(std::atoi(argv[3]), 0)), kMost)
               : kMost;
  const int status = gauntlet::record::write_hours(hours, folder, operations);
  if (!keeps) std::filesystem::remove_all(folder);
  return status;
}
