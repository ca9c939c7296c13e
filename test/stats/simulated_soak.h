// SimulatedSoak: what a long run would have sampled each second of a server whose leak is known:
// a base that warms up exponentially, noise that remembers (AR(1)), teeth of a saw, rare spikes,
// and a leak. Seeded; no clock.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "core/random.h"
#include "stats/trend.h"

namespace gauntlet::stats {

struct SimulatedSoak {
  double leak_per_min = 0;
  double base = 0;
  double warm_up = 0;     // rises by this much…
  double warm_up_s = 30;  // …with this time constant
  double noise = 0;       // standard deviation
  double memory_s = 1;    // of the noise: its correlation falls to 1/e in this time
  double tooth = 0;       // height of the saw's teeth
  double tooth_s = 60;    // their length in the mean, each 0.5 to 1.5 times it
  double spike = 0;       // mean height of spikes, one second in a hundred
  bool whole = false;     // counts of things
};

inline double normal(core::Random& random) {  // Box and Muller
  const double radius = std::sqrt(random.exponential(2));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

inline std::vector<TrendSample> samples_of(const SimulatedSoak& soak, std::uint64_t seed,
                                           int length_s) {
  core::Random random(seed);
  const double keep = std::exp(-1 / soak.memory_s);
  double noise = normal(random);
  double tooth_from = -soak.tooth_s * random.uniform();
  double tooth_s = soak.tooth_s;
  std::vector<TrendSample> samples;
  for (int i = 1; i <= length_s; ++i) {
    const double t = i;
    noise = keep * noise + std::sqrt(1 - keep * keep) * normal(random);
    if (t - tooth_from > tooth_s) {
      tooth_from = t;
      tooth_s = soak.tooth_s * (0.5 + random.uniform());
    }
    const double spike = random.below(100) == 0 ? random.exponential(soak.spike) : 0;
    const double y = soak.base + soak.warm_up * (1 - std::exp(-t / soak.warm_up_s)) +
                     soak.noise * noise + soak.tooth * (t - tooth_from) / soak.tooth_s + spike +
                     soak.leak_per_min * t / 60;
    samples.push_back({t, soak.whole ? std::round(y) : y});
  }
  return samples;
}

}  // namespace gauntlet::stats
