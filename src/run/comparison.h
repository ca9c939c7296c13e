// ComparedRuns: whether a server became better or worse from one set of runs to another, or is the
// same: what verdict/comparison.h found and report/comparison_text.h prints. Plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/scaling.h"

namespace gauntlet::run {

enum class Standing : std::uint8_t {
  better,
  same,
  unknown,  // not enough data
  worse,
};
std::string_view to_string(Standing standing);  // "better", "same", "not enough data", "worse"

enum class Compared : std::uint8_t { throughput, p50, p95, p99, error_rate };
inline constexpr std::array kCompared = {Compared::throughput, Compared::p50, Compared::p95,
                                         Compared::p99, Compared::error_rate};
std::string_view name_of(Compared metric);

struct ComparedMetric {
  Compared metric = Compared::throughput;
  double before = 0, after = 0;                // msg/s, ms, ratio; the medians of the runs
  std::optional<stats::Estimate> change = {};  // after / before, with its 90 % interval; of the
  // error rate after - before
  double margin = 0;  // a change within it does not matter; as `change`
  Standing standing = Standing::unknown;
  std::string reason = {};  // why it is unknown
  std::optional<std::size_t> more_runs =
      {};  // of each side, until it can be told: an extrapolation
};

struct ComparedRuns {
  Standing standing = Standing::unknown;
  std::vector<ComparedMetric> metrics = {};  // none where no run counts
  std::size_t before = 0, after = 0;         // runs that count
  bool by_rank = false;                      // a run is a sample; else seconds are
  std::vector<std::string> notes = {};  // what was left out, and what differs beside the target
};

// "12.3 ms", "4,998/s", "0.02 %"
std::string figure_text(Compared metric, double figure);
// "+5.0 % (+3.1 to +6.8)", of the error rate "+0.01 points (0.00 to +0.02)"; "none"
std::string change_text(const ComparedMetric& metric);
// "3 %", "0.1 points"
std::string margin_text(const ComparedMetric& metric);

}  // namespace gauntlet::run
