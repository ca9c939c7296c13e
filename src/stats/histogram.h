// Histogram: latencies in microseconds, 1 us to 1 h, three significant digits, fixed memory.
// The layout is HdrHistogram's (https://github.com/HdrHistogram, lowest 1, highest 3.6e9, digits
// 3): log-linear buckets of 2048 sub-buckets, so any two merge exactly by adding counts, and the V2
// encoding can be read by every HdrHistogram library. Percentiles follow HdrHistogram's rule: the
// highest value equivalent to the one at rank ceil(q * n).
// A plain value: copyable, no locks; one thread writes it at a time. About 188 KB. One that was
// moved from may only be assigned to or destroyed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace gauntlet::stats {

class Histogram {
 public:
  static constexpr std::uint64_t kLowestUs = 1;
  static constexpr std::uint64_t kHighestUs = 3'600'000'000;
  static constexpr int kSignificantDigits = 3;

  Histogram();

  // Values above kHighestUs are counted at kHighestUs, and in saturated(). 0 is counted as 0.
  void record_us(std::uint64_t value_us, std::uint64_t count = 1);
  // Rounded up to whole microseconds; negative counts as 0.
  void record_ns(std::int64_t value_ns, std::uint64_t count = 1);

  void merge(const Histogram& other);  // exact and commutative
  void reset();                        // cheap when little was recorded

  std::uint64_t count() const { return total_; }
  std::uint64_t saturated() const { return saturated_; }
  bool empty() const { return total_ == 0; }

  // All of these are true to three digits: a value stands for all that share its cell. 0 where the
  // histogram is empty: ask count() first.
  std::uint64_t min_us() const;  // lowest value of the lowest cell, as quantile_us(0)
  std::uint64_t max_us() const;  // highest value of the highest cell, as quantile_us(1)
  double mean_us() const;        // of the cells' middles
  double quantile_ms(double q) const { return static_cast<double>(quantile_us(q)) / 1e3; }
  std::uint64_t quantile_us(double q) const;  // q in [0, 1]
  // The highest value of the cell that holds the rank-th smallest; rank in 1 to count().
  std::uint64_t value_at_rank_us(std::uint64_t rank) const;
  std::uint64_t count_above_us(std::uint64_t value_us) const;  // not those in its own cell
  // How many lie in each of the stretches that rising edges cut, one more than there are edges. A
  // cell lies where its highest value does, and an edge belongs to the stretch below it.
  std::vector<std::uint64_t> split(std::span<const std::uint64_t> edges_us) const;

  // HdrHistogram V2 encoding: raw payload, the zlib-compressed form, and that in base64 as logs
  // carry it.
  // saturated() is not part of it. Decoding takes any highest value, but only kLowestUs and
  // kSignificantDigits; all else, whatever the bytes, is a usage error.
  std::string encode_v2() const;
  std::string encode_v2_compressed() const;
  std::string encode_v2_compressed_base64() const;
  static core::Result<Histogram> decode_v2(std::span<const char> bytes);
  static core::Result<Histogram> decode_v2_compressed(std::span<const char> bytes);
  static core::Result<Histogram> decode_v2_compressed_base64(std::string_view text);

 private:
  void add(std::size_t cell, std::uint64_t count);
  std::size_t cell_at_rank(std::uint64_t rank) const;

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t saturated_ = 0;
  // All cells outside [begin_, end_) are 0.
  std::size_t begin_;
  std::size_t end_ = 0;
};

}  // namespace gauntlet::stats
