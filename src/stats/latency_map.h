// LatencyMap: how latencies were spread in each stretch of a run, for a heat map: columns of time,
// bins of latency, four to each doubling. Bounded whatever the run's length: at most kColumnsMax
// columns; one more, and neighbours become one. A plain value; one thread writes it at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stats/histogram.h"

namespace gauntlet::stats {

class LatencyMap {
 public:
  static constexpr std::size_t kColumnsMax = 600;
  static constexpr std::size_t kBins = 115;
  // What lies between them is a bin; what is below the first or above the last is in the outermost.
  using Edges = std::array<std::uint64_t, kBins - 1>;
  static const Edges& edges_us();

  struct Column {
    double from_s = 0, to_s = 0;
    std::array<std::uint64_t, kBins> counts{};
  };

  // In order of time. Seconds since any fixed moment.
  void add(double from_s, double to_s, const Histogram& latencies);
  const std::vector<Column>& columns() const { return columns_; }

 private:
  void halve();

  std::vector<Column> columns_;
  double column_s_ = 0;  // shorter ones are added to their neighbours
};

}  // namespace gauntlet::stats
