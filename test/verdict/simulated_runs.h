// SimulatedRun: what two minutes of a run would have summarised, of a server whose speed is known:
// seconds whose response times have noise that remembers, around a level that differs from run to
// run. Seeded; no clock.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "run/comparable.h"
#include "stats/simulated_soak.h"

namespace gauntlet::verdict {

inline constexpr int kSimulatedRunS = 120;
inline constexpr double kRunToRun = 0.01;  // standard deviation of a run's level, relative

// Response times are `factor` times those of a server with a p50 of 10 ms; from second to second
// they vary by 2 % and remember for 3 s.
inline run::Comparable simulated_run(std::uint64_t seed, double factor = 1, double run_to_run = 0) {
  core::Random random(seed);
  const double level = factor * std::exp(run_to_run * stats::normal(random));
  const stats::SimulatedSoak soak{.base = 10, .noise = 0.2, .memory_s = 3};
  run::Comparable run{.id = "run-" + std::to_string(seed),
                      .title = "adhoc",
                      .load = {{"suite", "adhoc"}, {"connections", "10"}},
                      .surroundings = {{"cores", "2"}},
                      .scheduled = 60'000};
  for (const auto& sample : stats::samples_of(soak, seed, kSimulatedRunS)) {
    const double p50 = sample.y * level;
    run.seconds.push_back({.length = 1,
                           .scheduled = 1'000,
                           .completed = 1'000,
                           .p50_ms = p50,
                           .p95_ms = 2 * p50,
                           .p99_ms = 3 * p50});
  }
  return run;
}

inline std::vector<run::Comparable> simulated_runs(std::uint64_t seed, int count, double factor) {
  std::vector<run::Comparable> runs;
  for (int i = 0; i < count; ++i)
    runs.push_back(simulated_run(seed * 100 + static_cast<std::uint64_t>(i), factor, kRunToRun));
  return runs;
}

}  // namespace gauntlet::verdict
