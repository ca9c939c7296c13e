// compare: whether a server became better or worse from one set of runs to another.
//
// Each metric has a margin within which a change does not matter, and intervals for the change.
//   worse     the 99 % interval lies beyond the margin, on the bad side
//   better    …on the good side
//   same      the 90 % interval lies within the margin: two one-sided tests of 5 % each
//             (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987)
//   unknown   not enough data
// The whole is worse if a metric is, else unknown if one is, else better if one is. So that five
// metrics together call a change in 5 % of comparisons at most where there is none, each has 1 %
// (Bonferroni); to call all five the same needs no such correction.
//
// An interval is that of the Hodges-Lehmann shift of the runs' logarithms (stats/shift.h) from
// stats::kShiftSamplesMin runs on each side on: a run is one sample. With fewer it is a bootstrap
// of their seconds (stats/block_bootstrap.h), which knows little of how runs differ.
// How much later the generator was in one than in the other may be all that differs: the intervals
// of response times are wider by that. That of the error rate is wider by what may have gone unseen
// in so few messages. Runs whose speed is no evidence are left out.
// Figures of a run are those of its measured phase: throughput, error rate, and the quantiles of
// its median second, so that one bad second does not decide. Pure functions.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/result.h"
#include "run/comparable.h"
#include "run/comparison.h"
#include "run/verdict.h"

namespace gauntlet::verdict {

inline constexpr double kChangeConfidence = 0.99;
inline constexpr double kSameConfidence = 0.90;

// Of the error rate a difference, of the others a share of the figure before. Unless set, those of
// throughput and p50 are coarser where runs are too few to be samples: a run differs from the next
// by more than its seconds show.
class Margins {
 public:
  double of(run::Compared metric, bool by_rank) const {
    return (by_rank ? by_rank_ : by_seconds_)[static_cast<std::size_t>(metric)];
  }
  // "5%" for all but the error rate, "p95=5%", "error_rate=0.5%"
  core::Result<void> set(std::string_view text);

 private:
  using Values = std::array<double, run::kCompared.size()>;
  Values by_seconds_ = {0.05, 0.05, 0.10, 0.20, 0.001};
  Values by_rank_ = {0.03, 0.03, 0.10, 0.20, 0.001};
};

// A usage error where the runs' loads differ, or a side has none.
core::Result<run::ComparedRuns> compare(std::span<const run::Comparable> before,
                                        std::span<const run::Comparable> after,
                                        const Margins& margins);

// The comparison with a baseline as a test of the run's own: worse is FAIL, not enough data is
// INCONCLUSIVE, better and same are PASS. `suite` as in the other tests' names.
run::TestResult regression_test(const run::ComparedRuns& comparison, std::string_view suite);
// Adds it, and makes the verdict as bad as its worst test.
void add_test(run::Verdict& verdict, run::TestResult test);

}  // namespace gauntlet::verdict
