// CapacitySearch: where a load stops being carried, found by asking "are the limits kept at x?".
//
//   CapacitySearch search({.from = 100, .to = 1e6});
//   while (!search.done()) { const double x = search.next(); search.add(x, kept_at(x)); }
//   const Estimate capacity = search.estimate();
//
// First up from the lowest load by doubling, until it is not carried twice in a row, and never
// more than doubled after that; then
// probabilistic bisection: a probability of each possible capacity is kept, each answer is weighed
// in by Bayes' rule, and the next question is the median. So an answer may be wrong without
// spoiling the search: a p99 misses its limit by chance now and then. Sources: Waeber, Frazier and
// Henderson, "Bisection search with noisy responses", SIAM J. Control Optim. 51(3), 2013. Around
// the capacity itself an answer is a toss-up, which they leave out and Watson and Pelli, "QUEST",
// Perception & Psychophysics 33(2), 1983, take in: the probability of an answer is a logistic
// curve in the logarithm of the load, with a share of plainly wrong answers at both ends.
// Pure: no clock, no randomness. Not thread-safe; a copyable value.
#pragma once

#include <cstddef>
#include <vector>

#include "stats/scaling.h"

namespace gauntlet::stats {

class CapacitySearch {
 public:
  struct Options {
    double from = 1;  // 0 < from <= to
    double to = 1;
    double precision = 0.1;      // done when high / low of the estimate is at most 1 + this
    std::size_t steps_max = 40;  // done after as many answers, however wide the estimate
  };

  static constexpr double kConfidence = 0.95;  // of the estimate's interval
  static constexpr double kWrongShare = 0.08;  // of the answers, anywhere: assumed
  static constexpr double kSoftness = 0.02;    // relative width of the toss-up: assumed

  explicit CapacitySearch(const Options& options);

  bool done() const;
  double next() const;            // the load to ask about, from `from` to `to`
  void add(double x, bool kept);  // the answer; x need not be exactly what next() said
  std::size_t steps() const { return steps_; }

  // The posterior median with its credible interval, which never leaves [from, to]: what lies
  // outside of them is told by the two probabilities below.
  Estimate estimate() const;
  double below_from() const;  // probability that not even `from` is carried
  double above_to() const;    // probability that more than `to` is
  bool narrow_enough() const;

 private:
  double quantile(double p) const;
  double capacity_at(std::size_t cell) const;
  bool settled_outside() const;

  Options options_;
  bool climbing_ = true;
  bool missed_before_ = false;  // the latest answer
  double reach_;                // never asked beyond: the target is not hurt more than it has to be
  std::size_t steps_ = 0;
  // Of the capacity: below `from`, then cells of equal width in its logarithm, then above `to`.
  std::vector<double> probability_;
};

}  // namespace gauntlet::stats
