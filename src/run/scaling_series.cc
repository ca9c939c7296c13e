#include "run/scaling_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gauntlet::run {
namespace {

std::optional<stats::ScalingFit> fit_of(const std::vector<LevelResult>& levels) {
  const bool any_judged = std::ranges::any_of(levels, &LevelResult::judged);
  std::vector<stats::ScalingSample> samples;
  for (const auto& result : levels)
    if (result.judged || !any_judged)
      samples.push_back({static_cast<double>(result.level.connections), result.achieved_per_s});
  return stats::fit_scaling(samples);
}

}  // namespace

std::string ScalingSeries::title() const {
  return fmt::format("{}, {}", burst == 1 ? "single calls" : fmt::format("bursts of {}", burst),
                     closed ? "as fast as answers come" : "at a rate");
}

std::vector<ScalingSeries> scaling_series(const std::vector<LevelResult>& levels) {
  std::vector<ScalingSeries> all;
  for (const auto& result : levels) {
    const bool closed = result.level.rate == 0;
    auto found = std::ranges::find_if(all, [&](const ScalingSeries& series) {
      return series.burst == result.level.burst && series.closed == closed;
    });
    if (found == all.end())
      found = all.insert(all.end(),
                         {.burst = result.level.burst, .closed = closed, .levels = {}, .fit = {}});
    found->levels.push_back(result);
  }
  for (auto& series : all) {
    std::ranges::sort(series.levels, {}, [](const LevelResult& result) {
      return std::pair(result.level.connections, result.achieved_per_s);
    });
    series.fit = fit_of(series.levels);
  }
  return all;
}

}  // namespace gauntlet::run
