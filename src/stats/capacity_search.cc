#include "stats/capacity_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/check.h"

namespace gauntlet::stats {
namespace {

constexpr double kClimbFactor = 2;
constexpr double kCellWidth = 0.0025;  // of the logarithm: an eighth of the softness
constexpr std::size_t kCellsMax = 16'384;
// Before any answer: that the capacity lies outside of what was asked for, on either side.
constexpr double kOutsidePrior = 0.1;

std::size_t cell_count(double from, double to) {
  const double cells = std::ceil(std::log(to / from) / kCellWidth);
  return std::clamp<std::size_t>(static_cast<std::size_t>(cells), 1, kCellsMax);
}

// That load x is carried where the capacity is `capacity`.
double kept_probability(double x, double capacity) {
  const double logistic = 1 / (1 + std::pow(x / capacity, 1 / CapacitySearch::kSoftness));
  return CapacitySearch::kWrongShare + (1 - 2 * CapacitySearch::kWrongShare) * logistic;
}

}  // namespace

CapacitySearch::CapacitySearch(const Options& options) : options_(options), reach_(options.from) {
  GAUNTLET_CHECK(options.from > 0 && options.from <= options.to);
  const std::size_t cells = cell_count(options.from, options.to);
  probability_.assign(cells + 2, (1 - 2 * kOutsidePrior) / static_cast<double>(cells));
  probability_.front() = probability_.back() = kOutsidePrior;
}

double CapacitySearch::capacity_at(std::size_t cell) const {
  const auto cells = static_cast<double>(probability_.size() - 2);
  const double middle = (static_cast<double>(cell) - 0.5) / cells;
  return options_.from * std::pow(options_.to / options_.from, middle);
}

void CapacitySearch::add(double x, bool kept) {
  ++steps_;
  double sum = 0;
  for (std::size_t i = 0; i < probability_.size(); ++i) {
    double yes = kept_probability(x, capacity_at(i));
    if (i == 0) yes = kWrongShare;
    if (i + 1 == probability_.size()) yes = 1 - kWrongShare;
    sum += probability_[i] *= kept ? yes : 1 - yes;
  }
  for (double& p : probability_) p /= sum;
  if (climbing_) climbing_ = kept ? x < options_.to : !missed_before_;
  missed_before_ = !kept;
  if (kept && x >= reach_) reach_ = std::min(x * kClimbFactor, options_.to);
}

double CapacitySearch::quantile(double p) const {
  double below = 0;
  for (std::size_t i = 0; i < probability_.size(); ++i) {
    if (below + probability_[i] < p) {
      below += probability_[i];
      continue;
    }
    if (i == 0) return options_.from;
    if (i + 1 == probability_.size()) break;
    const auto cells = static_cast<double>(probability_.size() - 2);
    const double inside = static_cast<double>(i - 1) + (p - below) / probability_[i];
    return options_.from * std::pow(options_.to / options_.from, inside / cells);
  }
  return options_.to;
}

Estimate CapacitySearch::estimate() const {
  constexpr double kTail = (1 - kConfidence) / 2;
  return {quantile(0.5), quantile(kTail), quantile(1 - kTail)};
}

double CapacitySearch::below_from() const { return probability_.front(); }
double CapacitySearch::above_to() const { return probability_.back(); }

bool CapacitySearch::settled_outside() const {
  return below_from() >= kConfidence || above_to() >= kConfidence;
}

bool CapacitySearch::narrow_enough() const {
  const Estimate found = estimate();
  return found.high <= found.low * (1 + options_.precision);
}

bool CapacitySearch::done() const {
  if (steps_ >= options_.steps_max) return true;
  if (climbing_) return false;
  if (settled_outside()) return true;
  // An interval that ends at a bound may hide a capacity beyond it.
  constexpr double kTail = (1 - kConfidence) / 2;
  const bool inside = below_from() <= kTail && above_to() <= kTail;
  return inside && narrow_enough();
}

double CapacitySearch::next() const { return climbing_ ? reach_ : std::min(quantile(0.5), reach_); }

}  // namespace gauntlet::stats
