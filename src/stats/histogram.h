// Histogram: latencies in microseconds, 1 us to 1 h, three significant digits, fixed memory.
// The layout is HdrHistogram's (https://github.com/HdrHistogram, lowest 1, highest 3.6e9, digits
// 3): log-linear buckets of 2048 sub-buckets, so any two merge exactly by adding counts, and the V2
// encoding can be read by every HdrHistogram library. Percentiles follow HdrHistogram's rule: the
// highest value equivalent to the one at rank ceil(q * n).
// A plain value: copyable, no locks; one thread writes it at a time. About 188 KB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
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
  void record_ns(std::int64_t value_ns);  // rounded up to whole microseconds; negative counts as 0

  void merge(const Histogram& other);
  void reset();  // cheap when little was recorded

  std::uint64_t count() const { return total_; }
  std::uint64_t saturated() const { return saturated_; }
  bool empty() const { return total_ == 0; }

  // 0 where the histogram is empty: ask count() first.
  std::uint64_t min_us() const;
  std::uint64_t max_us() const;          // exact-value equivalent of HdrHistogram's getMaxValue
  double mean_us() const;
  std::uint64_t quantile_us(double q) const;  // q in [0, 1]
  std::uint64_t count_above_us(std::uint64_t value_us) const;

  // HdrHistogram V2 encoding: raw payload, and the zlib-compressed form in base64 that logs carry.
  std::string encode_v2() const;
  std::string encode_v2_compressed_base64() const;
  static core::Result<Histogram> decode_v2(std::span<const char> bytes);
  static core::Result<Histogram> decode_v2_compressed_base64(std::string_view text);

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t saturated_ = 0;
  // … completed by the implementer of histogram.cc.
};

}  // namespace gauntlet::stats
