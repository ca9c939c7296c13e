#include "report/scaling_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/quantity.h"
#include "run/scaling_series.h"

namespace gauntlet::report {
namespace {

constexpr std::size_t kBarWidth = 32;

std::size_t column_of(double x, double x_max) {
  return static_cast<std::size_t>(std::lround(static_cast<double>(kBarWidth - 1) * x / x_max));
}

// "########|": what was achieved, and where the law runs.
std::string bar(double achieved, double law, double x_max) {
  std::string out(kBarWidth, ' ');
  std::fill_n(out.begin(), column_of(achieved, x_max) + 1, '#');
  out[column_of(law, x_max)] = '|';
  return out;
}

std::string bound_text(double x) { return std::isfinite(x) ? core::format_rate(x) : "any"; }

std::string parameters_text(const stats::ScalingFit& fit) {
  const auto& [lambda, sigma, kappa, error, n_max, spread] = fit;
  auto out = fmt::format("{:.3g}/s a connection, contention {:.2g} ({:.2g} to {:.2g}), ",
                         lambda.value, sigma.value, sigma.low, sigma.high);
  out += fmt::format("coherency {:.2g} ({:.2g} to {:.2g}), off by {:.2g} %", kappa.value, kappa.low,
                     kappa.high, error * 100);
  if (const auto peak = fit.peak()) out += fmt::format(", peak at {:.0f}", *peak);
  return out;
}

std::string series_text(const run::ScalingSeries& series) {
  const auto& fit = *series.fit;
  double x_max = 0;
  for (const auto& result : series.levels)
    x_max = std::max(
        {x_max, result.achieved_per_s, fit.throughput(result.level.connections).value_or(0)});
  auto out = fmt::format("\nscaling law, {}: {}\n", series.title(), parameters_text(fit));
  out += fmt::format("{:>7} {:>12}  {:<{}} {:>12}  {}\n", "conns", "achieved", "", kBarWidth,
                     "law (|)", "95 % band");
  for (const auto& result : series.levels) {
    const auto law = fit.band(result.level.connections);
    if (!law) continue;
    out += fmt::format(
        "{:>7} {:>12}  {} {:>12}  {} to {}{}\n", core::format_count(result.level.connections),
        core::format_rate(result.achieved_per_s), bar(result.achieved_per_s, law->value, x_max),
        core::format_rate(law->value), core::format_rate(law->low), bound_text(law->high),
        result.trusted ? "" : "  NOT trusted");
  }
  return out;
}

}  // namespace

std::string scaling_text(const std::vector<run::LevelResult>& levels) {
  std::string out;
  for (const auto& series : run::scaling_series(levels))
    if (series.fit) out += series_text(series);
  return out;
}

}  // namespace gauntlet::report
