#include "report/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/quantity.h"
#include "report/sparkline.h"
#include "run/limit.h"

namespace gauntlet::report {
namespace {

using run::Comparable;
using run::Compared;
using run::Standing;

constexpr std::string_view kReset = "\x1b[0m";

std::string_view color_of(Standing standing) {
  switch (standing) {
    case Standing::better: return "\x1b[32m";
    case Standing::same: return "\x1b[36m";
    case Standing::unknown: return "\x1b[35m";
    case Standing::worse: return "\x1b[31m";
  }
  return "";
}

std::string painted(Standing standing, bool color) {
  const auto text = run::to_string(standing);
  return color ? fmt::format("{}{}{}", color_of(standing), text, kReset) : std::string(text);
}

std::string metric_row(const run::ComparedMetric& one, bool color) {
  auto row =
      fmt::format("{:<11} {:>10} {:>10}  {:<34} {:>11}  {}\n", run::name_of(one.metric),
                  run::figure_text(one.metric, one.before), run::figure_text(one.metric, one.after),
                  run::change_text(one), run::margin_text(one), painted(one.standing, color));
  if (one.reason.empty()) return row;
  row += fmt::format("{:<11}   {}", "", one.reason);
  if (one.more_runs) row += fmt::format("; {} more of each may tell", *one.more_runs);
  return row + "\n";
}

std::string method_text(const run::ComparedRuns& comparison) {
  const auto runs = fmt::format("runs: {} before, {} after", comparison.before, comparison.after);
  if (comparison.metrics.empty()) return runs + "\n";
  return runs + (comparison.by_rank
                     ? "; a run is a sample (Hodges-Lehmann)\n"
                     : "; by their seconds (block bootstrap), which know little of how runs "
                       "differ:\n      five of each, and a run is a sample\n");
}

std::string run_line(const Comparable& run, std::size_t title_width) {
  const auto& ms = run.response_ms;
  const double errors =
      run.scheduled == 0 ? 0 : static_cast<double>(run.errors) / static_cast<double>(run.scheduled);
  auto line = fmt::format("{:<20}  {:<{}}  {:<12} {:>12} {:>9.3g} {:>9.3g} {:>9.3g} {:>9}  {}",
                          run.started_at, run.title, title_width, run.verdict,
                          core::format_rate(run.achieved_per_s), ms.p50, ms.p95, ms.p99,
                          run::format_value(errors, run::Unit::ratio), run.id);
  if (!run.doubt.empty()) line += "  (" + run.doubt + ")";
  return line + "\n";
}

std::string curve(std::string_view name, std::span<const Comparable* const> runs, Compared metric,
                  auto figure_of) {
  std::vector<double> values;
  for (const auto* run : runs) values.push_back(figure_of(*run));
  const auto [low, high] = std::ranges::minmax(values);
  return fmt::format("  {:<11} {}  {} to {}\n", name, sparkline(values),
                     run::figure_text(metric, low), run::figure_text(metric, high));
}

std::string curves(const std::string& title, std::span<const Comparable* const> runs) {
  auto out = fmt::format("\n{}, {} runs\n", title, runs.size());
  out += curve("throughput", runs, Compared::throughput,
               [](const Comparable& run) { return run.achieved_per_s; });
  out += curve("p50", runs, Compared::p50, [](const auto& run) { return run.response_ms.p50; });
  out += curve("p95", runs, Compared::p95, [](const auto& run) { return run.response_ms.p95; });
  return out +
         curve("p99", runs, Compared::p99, [](const auto& run) { return run.response_ms.p99; });
}

}  // namespace

std::string comparison_text(const run::ComparedRuns& comparison, bool color) {
  std::string out;
  if (!comparison.metrics.empty())
    out = fmt::format("{:<11} {:>10} {:>10}  {:<34} {:>11}\n", "metric", "before", "after",
                      "change (90 % interval)", "margin");
  for (const auto& one : comparison.metrics) out += metric_row(one, color);
  out += "\n" + method_text(comparison);
  for (const auto& note : comparison.notes) out += fmt::format("note: {}\n", note);
  return out + fmt::format("\n{}\n", painted(comparison.standing, color));
}

std::string history_text(std::span<const Comparable> runs) {
  std::size_t width = 5;
  std::map<std::string, std::vector<const Comparable*>> by_title;
  for (const auto& run : runs) {
    width = std::max(width, run.title.size());
    by_title[run.title].push_back(&run);
  }
  auto out =
      fmt::format("{:<20}  {:<{}}  {:<12} {:>12} {:>9} {:>9} {:>9} {:>9}  {}\n", "started", "suite",
                  width, "verdict", "achieved", "p50 ms", "p95", "p99", "errors", "run");
  for (const auto& run : runs) out += run_line(run, width);
  for (const auto& [title, some] : by_title)
    if (some.size() > 1) out += curves(title, some);
  return out;
}

}  // namespace gauntlet::report
