#include "stats/histogram.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/clock.h"
#include "stats/histogram_layout.h"

namespace gauntlet::stats {
namespace {

// ceil(q * n) where a product that rounding put just above a whole number counts as that number,
// as HdrHistogram has it.
std::uint64_t rank_of(double q, std::uint64_t n) {
  const double product = q * static_cast<double>(n);
  if (product <= 1) return 1;
  const double last_place = std::exp2(std::floor(std::log2(product)) - 52);
  const double rank = std::ceil(product - last_place);
  return rank >= static_cast<double>(n) ? n : static_cast<std::uint64_t>(rank);
}

}  // namespace

Histogram::Histogram() : counts_(kCells), begin_(kCells) {}

void Histogram::record_us(std::uint64_t value_us, std::uint64_t count) {
  add(cell_of(std::min(value_us, kHighestUs)), count);
  saturated_ += value_us > kHighestUs ? count : 0;
}

void Histogram::add(std::size_t cell, std::uint64_t count) {
  counts_[cell] += count;
  total_ += count;
  begin_ = std::min(begin_, cell);
  end_ = std::max(end_, cell + 1);
}

void Histogram::record_ns(std::int64_t value_ns, std::uint64_t count) {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(value_ns, 0));
  record_us((ns + core::kMicrosecond - 1) / core::kMicrosecond, count);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t cell = other.begin_; cell < other.end_; ++cell) {
    counts_[cell] += other.counts_[cell];
  }
  total_ += other.total_;
  saturated_ += other.saturated_;
  begin_ = std::min(begin_, other.begin_);
  end_ = std::max(end_, other.end_);
}

void Histogram::reset() {
  for (std::size_t cell = begin_; cell < end_; ++cell) counts_[cell] = 0;
  total_ = 0;
  saturated_ = 0;
  begin_ = kCells;
  end_ = 0;
}

std::size_t Histogram::cell_at_rank(std::uint64_t rank) const {
  GAUNTLET_CHECK(rank >= 1 && rank <= total_);
  std::uint64_t seen = 0;
  std::size_t cell = begin_;
  while ((seen += counts_[cell]) < rank) ++cell;
  return cell;
}

std::uint64_t Histogram::min_us() const { return quantile_us(0); }
std::uint64_t Histogram::max_us() const { return quantile_us(1); }

double Histogram::mean_us() const {
  if (empty()) return 0;
  double sum = 0;
  for (std::size_t cell = begin_; cell < end_; ++cell) {
    const std::uint64_t middle = lowest_of(cell) + width_of(cell) / 2;
    sum += static_cast<double>(middle) * static_cast<double>(counts_[cell]);
  }
  return sum / static_cast<double>(total_);
}

std::uint64_t Histogram::quantile_us(double q) const {
  GAUNTLET_CHECK(q >= 0 && q <= 1);
  if (empty()) return 0;
  const std::size_t cell = cell_at_rank(rank_of(q, total_));
  return q > 0 ? highest_of(cell) : lowest_of(cell);
}

std::uint64_t Histogram::value_at_rank_us(std::uint64_t rank) const {
  return highest_of(cell_at_rank(rank));
}

std::uint64_t Histogram::count_above_us(std::uint64_t value_us) const {
  std::uint64_t above = 0;
  std::size_t cell = std::max(begin_, cell_of(std::min(value_us, kHighestUs)) + 1);
  for (; cell < end_; ++cell) above += counts_[cell];
  return above;
}

std::vector<std::uint64_t> Histogram::split(std::span<const std::uint64_t> edges_us) const {
  std::vector<std::uint64_t> counts(edges_us.size() + 1);
  std::size_t stretch = 0;
  for (std::size_t cell = begin_; cell < end_; ++cell) {
    while (stretch < edges_us.size() && highest_of(cell) > edges_us[stretch]) ++stretch;
    counts[stretch] += counts_[cell];
  }
  return counts;
}

}  // namespace gauntlet::stats
