// How often stats/drift.h finds leaks and drifts of known size, and accuses servers that have none:
// seeded series on simulated time, twenty a row, as a Markdown table (docs/method.md).
//   stats_soak_bench [RUNS]
// Exits with 1 where in runs of an hour a leak was found in less than 95 % of them, or where a
// server without one was accused in more than 5 % of the runs of either length. A cache that is
// still filling after ten minutes does grow: it is left out of those.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "stats/drift.h"
#include "stats/simulated_soak.h"

namespace gauntlet::stats {
namespace {

constexpr int kHourS = 3600;
constexpr int kDemoS = 600;
constexpr double kLongestWarmUpS = 60;  // of ten minutes

struct Scenario {
  std::string_view name;
  SimulatedSoak soak;
  DriftOf of = DriftOf::lower_envelope;
  double limit_per_min = 0;  // the verdict is FAIL where even the lower bound is above it
  std::string_view unit = "MB";
};

constexpr double kMemoryLimit = 500.0 / (24 * 60);  // 500 MB in 24 h

constexpr SimulatedSoak memory(double leak_per_min) {
  return {.leak_per_min = leak_per_min, .base = 300, .warm_up = 100, .noise = 2, .memory_s = 10};
}
constexpr SimulatedSoak collected(double leak_per_min, double tooth_s = 45) {
  SimulatedSoak soak = memory(leak_per_min);
  soak.tooth = 80;
  soak.tooth_s = tooth_s;
  return soak;
}
constexpr SimulatedSoak p95(double drift_per_min) {
  return {.leak_per_min = drift_per_min,
          .base = 20,
          .warm_up = -5,
          .noise = 1,
          .memory_s = 20,
          .spike = 30};
}
constexpr SimulatedSoak descriptors(double leak_per_min) {
  return {.leak_per_min = leak_per_min, .base = 1'020, .noise = 2, .memory_s = 5, .whole = true};
}
constexpr SimulatedSoak sessions(double leak_per_min) {
  return {.leak_per_min = leak_per_min,
          .base = 1'000,
          .noise = 10,
          .memory_s = 15,
          .tooth = 200,  // expired ones are swept now and then
          .tooth_s = 60,
          .whole = true};
}
constexpr SimulatedSoak cache() {
  SimulatedSoak soak = memory(0);
  soak.warm_up_s = 120;
  return soak;
}

constexpr auto kLevel = DriftOf::level;
constexpr auto kEnvelope = DriftOf::lower_envelope;
constexpr Scenario kScenarios[] = {
    {.name = "memory, leak of 1 MB/min", .soak = memory(1), .limit_per_min = kMemoryLimit},
    {.name = "memory, leak of 5 MB/min", .soak = memory(5), .limit_per_min = kMemoryLimit},
    {.name = "memory, leak of 50 MB/min", .soak = memory(50), .limit_per_min = kMemoryLimit},
    {.name = "leak of 1 MB/min under a collector",
     .soak = collected(1),
     .limit_per_min = kMemoryLimit},
    {.name = "leak of 5 MB/min under a collector",
     .soak = collected(5),
     .limit_per_min = kMemoryLimit},
    {.name = "leak of 50 MB/min under a collector",
     .soak = collected(50),
     .limit_per_min = kMemoryLimit},
    {.name = "p95, drift of 1 ms/min",
     .soak = p95(1),
     .of = kLevel,
     .limit_per_min = 0.1,
     .unit = "ms"},
    {.name = "descriptors, one lost a minute",
     .soak = descriptors(1),
     .limit_per_min = 0.1,
     .unit = ""},
    {.name = "sessions, ten lost a minute", .soak = sessions(10), .limit_per_min = 1, .unit = ""},
    {.name = "memory, no leak", .soak = memory(0), .limit_per_min = kMemoryLimit},
    {.name = "memory, a cache that fills", .soak = cache(), .limit_per_min = kMemoryLimit},
    {.name = "collector, teeth of 45 s", .soak = collected(0), .limit_per_min = kMemoryLimit},
    {.name = "collector, teeth of 3 min", .soak = collected(0, 180), .limit_per_min = kMemoryLimit},
    {.name = "p95, no drift", .soak = p95(0), .of = kLevel, .limit_per_min = 0.1, .unit = "ms"},
    {.name = "descriptors, none lost", .soak = descriptors(0), .limit_per_min = 0.1, .unit = ""},
    {.name = "sessions, none lost", .soak = sessions(0), .limit_per_min = 1, .unit = ""},
};

struct Outcome {
  int over = 0;         // the limit: FAIL
  int any = 0;          // growth that is none by chance, however small
  double smallest = 0;  // a minute, the median of the runs
};

Outcome outcome_of(const Scenario& scenario, int runs, int length_s) {
  Outcome outcome;
  std::vector<double> smallest;
  for (int run = 1; run <= runs; ++run) {
    const auto samples = samples_of(scenario.soak, static_cast<std::uint64_t>(run), length_s);
    const auto drift = drift_of(samples, scenario.of);
    outcome.over += drift->trend.low * 60 > scenario.limit_per_min ? 1 : 0;
    outcome.any += drift->trend.low > 0 ? 1 : 0;
    smallest.push_back(drift->smallest * 60);
  }
  std::ranges::nth_element(smallest, smallest.begin() + runs / 2);
  outcome.smallest = smallest[static_cast<std::size_t>(runs) / 2];
  return outcome;
}

std::string per_minute(double value, std::string_view unit) {
  return fmt::format("{:.2g}{}{}", value, unit.empty() ? "" : " ", unit);
}

// Whether as many were found, or as few accused, as has to be.
bool print_row(const Scenario& scenario, int runs, int length_s) {
  const auto [over, any, smallest] = outcome_of(scenario, runs, length_s);
  fmt::print("| {} | {} min | {} | {} | {} | {} |\n", scenario.name, length_s / 60,
             per_minute(scenario.limit_per_min, scenario.unit), over, any,
             per_minute(smallest, scenario.unit));
  const bool leaks = scenario.soak.leak_per_min > 0;
  if (leaks) return length_s == kDemoS || over * 20 >= runs * 19;
  return over * 20 <= runs;
}

int run(int runs) {
  bool good = true;
  fmt::print(
      "| {} runs each | length | limit a minute | FAIL | any growth shown | smallest it could see, "
      "a "
      "minute |\n|---|---|---|---|---|---|\n",
      runs);
  for (const int length_s : {kHourS, kDemoS}) {
    for (const Scenario& scenario : kScenarios) {
      if (length_s == kDemoS && scenario.soak.warm_up_s > kLongestWarmUpS) continue;
      good &= print_row(scenario, runs, length_s);
    }
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace gauntlet::stats

int main(int argc, char** argv) {
  int runs = 20;
  if (argc > 1) {
    const std::string_view text = argv[1];
    const auto [end, error] = std::from_chars(text.begin(), text.end(), runs);
    if (error != std::errc() || end != text.end() || runs < 1) {
      fmt::print(stderr, "usage: stats_soak_bench [RUNS]\n");
      return 2;
    }
  }
  return gauntlet::stats::run(runs);
}
