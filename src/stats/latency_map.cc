#include "stats/latency_map.h"

#include <algorithm>
#include <cmath>

namespace gauntlet::stats {
namespace {

constexpr double kFirstEdgeUs = 10;
constexpr double kBinsPerDoubling = 4;

LatencyMap::Edges make_edges() {
  LatencyMap::Edges edges{};
  for (std::size_t i = 0; i < edges.size(); ++i)
    edges[i] = static_cast<std::uint64_t>(
        std::llround(kFirstEdgeUs * std::exp2(static_cast<double>(i) / kBinsPerDoubling)));
  return edges;
}

void merge(LatencyMap::Column& column, const LatencyMap::Column& next) {
  column.to_s = next.to_s;
  for (std::size_t bin = 0; bin < LatencyMap::kBins; ++bin) column.counts[bin] += next.counts[bin];
}

}  // namespace

const LatencyMap::Edges& LatencyMap::edges_us() {
  static const Edges kEdges = make_edges();
  return kEdges;
}

void LatencyMap::add(double from_s, double to_s, const Histogram& latencies) {
  Column column{.from_s = from_s, .to_s = to_s, .counts = {}};
  std::ranges::copy(latencies.split(edges_us()), column.counts.begin());
  if (!columns_.empty() && to_s - columns_.back().from_s <= column_s_) {
    merge(columns_.back(), column);
    return;
  }
  columns_.push_back(column);
  if (columns_.size() > kColumnsMax) halve();
}

void LatencyMap::halve() {
  std::vector<Column> half;
  for (std::size_t i = 0; i < columns_.size(); i += 2) {
    half.push_back(columns_[i]);
    if (i + 1 < columns_.size()) merge(half.back(), columns_[i + 1]);
  }
  columns_ = std::move(half);
  constexpr double kSlack = 1.001;  // seconds are not exact
  column_s_ = kSlack * (columns_.back().to_s - columns_.front().from_s) /
              (static_cast<double>(kColumnsMax) / 2);
}

}  // namespace gauntlet::stats
