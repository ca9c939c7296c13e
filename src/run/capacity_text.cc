#include "run/capacity_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/quantity.h"
#include "stats/capacity_search.h"

namespace gauntlet::run {
namespace {

std::string_view subject(GaveWay::Who who) {
  static constexpr std::array<std::string_view, 6> kSubjects = {"nothing gave way",
                                                                "the target missed a limit",
                                                                "the target was lost",
                                                                "the generator was the limit",
                                                                "the machine was too busy to tell",
                                                                "the limits could not be judged"};
  return kSubjects.at(static_cast<std::size_t>(who));
}

bool is_lower_bound(const Capacity& capacity) {
  const auto who = capacity.gave_way.who;
  return who == GaveWay::Who::generator || who == GaveWay::Who::machine ||
         who == GaveWay::Who::unknown;
}

// The most that is known to be carried where something else than the target was the limit.
double carried_at_least(const Capacity& capacity) {
  double highest = capacity.from;
  for (const auto& step : capacity.steps)
    if (step.kept()) highest = std::max(highest, step.load);
  return std::min(highest, capacity.found->low);
}

}  // namespace

std::string_view to_string(GaveWay::Who who) {
  static constexpr std::array<std::string_view, 6> kNames = {"nobody",    "limits",  "target",
                                                             "generator", "machine", "unknown"};
  return kNames.at(static_cast<std::size_t>(who));
}

std::string load_text(const Capacity& capacity, double load) {
  if (!capacity.of_connections) return core::format_rate(load);
  return fmt::format("{} connections", core::format_count(static_cast<std::uint64_t>(load)));
}

std::string found_text(const Capacity& capacity) {
  if (!capacity.found) return "none";
  const auto& found = *capacity.found;
  if (capacity.below_from >= 0.5) {
    if (is_lower_bound(capacity)) return "none";
    return "below " + load_text(capacity, capacity.from);
  }
  if (is_lower_bound(capacity) || capacity.above_to >= 0.5)
    return "at least " + load_text(capacity, carried_at_least(capacity));
  return fmt::format("{} ({:.0f} %: {} to {})", load_text(capacity, found.value),
                     100 * stats::CapacitySearch::kConfidence, load_text(capacity, found.low),
                     load_text(capacity, found.high));
}

std::string gave_way_text(const Capacity& capacity) {
  const auto& [who, metrics, reason] = capacity.gave_way;
  if (who == GaveWay::Who::nobody)
    return "nothing up to " +
           load_text(capacity, capacity.found ? capacity.found->high : capacity.from);
  return fmt::format("at {} {}: {}", load_text(capacity, capacity.gave_way_at), subject(who),
                     reason);
}

}  // namespace gauntlet::run
