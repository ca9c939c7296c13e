// Binomial: how often something that happens with probability p happens in n independent trials.
// Pure; safe on any thread.
#pragma once

#include <cstdint>

namespace gauntlet::stats {

struct CountInterval {
  std::uint64_t lo = 0;
  std::uint64_t hi = 0;

  bool contains(std::uint64_t count) const { return lo <= count && count <= hi; }
};

// The counts within which a binomial variable lies with at least that probability, as much of the
// rest on either side (its exact quantiles). p in [0, 1], confidence in (0, 1).
CountInterval binomial_interval(std::uint64_t n, double p, double confidence);

}  // namespace gauntlet::stats
