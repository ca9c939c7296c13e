// Histogram layout: which cell of a Histogram counts a value, and which values a cell stands for.
// HdrHistogram's for lowest 1 and 3 digits: cells 0 to 2047 are one value wide; from there on, each
// doubling of the value has 1024 cells of twice the width. Private to stats/histogram*.cc.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "stats/histogram.h"

namespace gauntlet::stats {

inline constexpr std::size_t kHalfBits = 10;
inline constexpr std::uint64_t kHalf = 1ULL << kHalfBits;  // half of a bucket's 2048 sub-buckets

constexpr std::size_t cell_of(std::uint64_t value) {
  const auto bits = static_cast<std::size_t>(std::bit_width(value | (2 * kHalf - 1)));
  const std::size_t doublings = bits - (kHalfBits + 1);
  return (doublings << kHalfBits) + (value >> doublings);
}

constexpr std::uint64_t width_of(std::size_t cell) {
  return cell < 2 * kHalf ? 1 : 1ULL << ((cell >> kHalfBits) - 1);
}

constexpr std::uint64_t lowest_of(std::size_t cell) {
  return cell < 2 * kHalf ? cell : (cell % kHalf + kHalf) * width_of(cell);
}

constexpr std::uint64_t highest_of(std::size_t cell) {
  return lowest_of(cell) + width_of(cell) - 1;
}

// HdrHistogram rounds the number of cells up to whole buckets.
inline constexpr std::size_t kCells = (cell_of(Histogram::kHighestUs) / kHalf + 1) * kHalf;
static_assert(kCells == 23 * 1024);

}  // namespace gauntlet::stats
