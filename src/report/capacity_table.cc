#include "report/capacity_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/quantity.h"
#include "run/capacity_text.h"
#include "run/limit.h"

namespace gauntlet::report {
namespace {

std::string answer(const run::CapacityStep& step) {
  if (step.kept()) return "kept";
  if (!step.gave_way.metrics.empty())
    return fmt::format("missed: {}", fmt::join(step.gave_way.metrics, ", "));
  if (step.gave_way.who == run::GaveWay::Who::machine) return "not told: machine busy";
  return fmt::format("{}: {}", step.tells() ? "missed" : "not told", step.gave_way.reason);
}

double error_rate(const run::LevelResult& result) {
  if (result.scheduled == 0) return 0;
  return static_cast<double>(result.errors) / static_cast<double>(result.scheduled);
}

std::string found_lines(const run::Capacity& capacity) {
  auto out = fmt::format("{:<10}  {}{}\n", "capacity", run::found_text(capacity),
                         capacity.narrow || !capacity.found ? "" : ", a wide interval");
  out += fmt::format("{:<10}  {}\n", "gave way", run::gave_way_text(capacity));
  for (const auto& note : capacity.notes) out += fmt::format("{:<10}  {}\n", "note", note);
  return out;
}

}  // namespace

std::string capacity_head(const run::Capacity& capacity) {
  return fmt::format("\n{:>18} {:>12} {:>9} {:>9} {:>9}  {}",
                     capacity.of_connections ? "connections" : "rate", "achieved", "p95 ms",
                     "p99 ms", "errors", "limits");
}

std::string capacity_row(const run::Capacity& capacity, const run::CapacityStep& step) {
  const auto& result = step.result;
  return fmt::format("{:>18} {:>12} {:>9.3g} {:>9.3g} {:>9}  {}",
                     run::load_text(capacity, step.load), core::format_rate(result.achieved_per_s),
                     result.response_p95_ms, result.response_p99_ms,
                     run::format_value(error_rate(result), run::Unit::ratio), answer(step));
}

std::string capacity_table(const run::Capacity& capacity) {
  auto steps = capacity.steps;
  std::ranges::sort(steps, {}, [](const run::CapacityStep& step) {
    return std::pair(step.load, step.result.achieved_per_s);
  });
  auto out = capacity_head(capacity) + "\n";
  for (const auto& step : steps) out += capacity_row(capacity, step) + "\n";
  if (capacity.hold) out += capacity_row(capacity, *capacity.hold) + " (hold)\n";
  return out + "\n" + found_lines(capacity);
}

}  // namespace gauntlet::report
