#include "main/auto_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/quantity.h"
#include "main/capacity_run.h"
#include "run/limit.h"

namespace gauntlet::main {
namespace {

// A soak leaves room above its rate: the search need not be exact, and is not to last.
constexpr double kPrecision = 0.25;
constexpr core::Nanos kStep = 3 * core::kSecond;
constexpr core::Nanos kSettle = core::kSecond;
// The lowest load: each client sends this often, and a step has enough messages for its quantiles.
constexpr double kPerClientMin = 0.1;
constexpr double kRateMin = 100;

CapacityPlan search_of(const run::Plan& plan) {
  CapacityPlan search{.base = ad_hoc_limits(plan)};
  search.base.load.capacity_share = 0;
  search.base.load.floor = 0;
  search.to = plan.load.rate / plan.load.capacity_share;
  search.from = std::min(std::max(kPerClientMin * plan.load.connections, kRateMin), search.to);
  search.step = kStep;
  search.settle = kSettle;
  search.precision = kPrecision;
  return search;
}

}  // namespace

core::Result<std::optional<run::Capacity>> choose_rate(run::Plan& plan, const RunOptions& options,
                                                       const std::vector<std::string>& argv) {
  const CapacityPlan wanted = search_of(plan);
  CapacityRun search(wanted, options, argv);
  if (const auto done = search.search(); !done) return std::unexpected(done.error());
  run::Record record = std::move(search).finish();
  if (record.interrupted || !record.capacity) return std::nullopt;
  const run::Capacity& found = *record.capacity;
  const bool any = found.found && found.below_from < 0.5;
  const double capacity = any ? found.found->value : found.from;
  plan.load.rate = std::min(plan.load.rate, std::floor(plan.load.capacity_share * capacity));
  plan.load.rate = std::max(plan.load.rate, 1.0);
  if (!options.quiet)
    fmt::print("\nrate: {}, {} of the capacity of {}\n", core::format_rate(plan.load.rate),
               run::format_value(plan.load.rate / capacity, run::Unit::ratio),
               core::format_rate(capacity));
  std::fflush(stdout);
  return record.capacity;
}

}  // namespace gauntlet::main
