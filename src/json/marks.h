// Marks: which of eight bytes at once are of a kind, bit 7 of each such byte set. Exact in the
// lowest one that is marked, which countr_zero() / 8 finds. Source: Hacker's Delight, 2nd ed.,
// section 6-1. Pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace gauntlet::json {

inline constexpr std::uint64_t kOnes = 0x0101010101010101;
inline constexpr std::uint64_t kHighs = kOnes * 0x80;

// Eight readable bytes; the first is the lowest.
inline std::uint64_t eight_bytes(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

constexpr std::uint64_t marks_below(std::uint64_t word, unsigned char bound) {
  return (word - kOnes * bound) & ~word & kHighs;
}
constexpr std::uint64_t marks_equal(std::uint64_t word, unsigned char byte) {
  return marks_below(word ^ (kOnes * byte), 1);
}

}  // namespace gauntlet::json
