// Random: a seeded generator, so that one 64-bit seed repeats a run.
// xoshiro256** seeded by SplitMix64 (Blackman & Vigna, https://prng.di.unimi.it). Not for secrets.
// Copyable value; not thread-safe: give each thread its own by fork().
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace gauntlet::core {

inline std::uint64_t split_mix_64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_) word = split_mix_64(seed);
  }

  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound); bound > 0 (Lemire's multiply-shift, bias < 2^-32 for our bounds).
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }

  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  // Exponential with the given mean (inverse transform).
  double exponential(double mean) { return -mean * std::log1p(-uniform()); }

  // An independent generator for a part of the run, numbered so that parts do not depend on order.
  Random fork(std::uint64_t part) const {
    return Random(state_[0] ^ (part * 0xD1342543DE82EF95ULL + 1));
  }

 private:
  __extension__ using Wide = unsigned __int128;

  static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace gauntlet::core
