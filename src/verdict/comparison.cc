#include "verdict/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/quantity.h"
#include "stats/block_bootstrap.h"
#include "stats/median.h"
#include "stats/shift.h"

namespace gauntlet::verdict {
namespace {

using Runs = std::span<const run::Comparable>;
using run::Compared;
using run::ComparedMetric;
using run::ComparedRuns;
using run::Standing;
using stats::Estimate;

constexpr std::size_t kMoreRunsMax = 1'000;

bool is_time(Compared metric) {
  return metric == Compared::p50 || metric == Compared::p95 || metric == Compared::p99;
}
bool more_is_better(Compared metric) { return metric == Compared::throughput; }
bool is_share(Compared metric) { return metric != Compared::error_rate; }

double quantile_of(const run::QuantilesMs& quantiles, Compared metric) {
  switch (metric) {
    case Compared::p50: return quantiles.p50;
    case Compared::p95: return quantiles.p95;
    default: return quantiles.p99;
  }
}

stats::WeighedValue value_of(const run::ComparableSecond& second, Compared metric) {
  if (metric == Compared::throughput) return {second.completed, second.length};
  if (metric == Compared::error_rate) return {second.errors, second.scheduled};
  return {quantile_of({second.p50_ms, second.p95_ms, second.p99_ms}, metric), 1};
}

stats::RunSeries series_of(const run::Comparable& run, Compared metric) {
  stats::RunSeries series;
  for (const auto& second : run.seconds)
    if (!is_time(metric) || second.completed > 0) series.push_back(value_of(second, metric));
  return series;
}

std::vector<stats::RunSeries> series_of(Runs runs, Compared metric) {
  std::vector<stats::RunSeries> all;
  for (const auto& run : runs) all.push_back(series_of(run, metric));
  return all;
}

stats::Statistic statistic_for(Compared metric) {
  return is_time(metric) ? stats::Statistic::median : stats::Statistic::quotient;
}

double figure_of(const run::Comparable& run, Compared metric) {
  const auto series = series_of(run, metric);
  return stats::statistic_of({&series, 1}, statistic_for(metric));
}

std::vector<double> figures_of(Runs runs, Compared metric) {
  std::vector<double> figures;
  for (const auto& run : runs) figures.push_back(figure_of(run, metric));
  return figures;
}

double median_figure(Runs runs, Compared metric) {
  auto figures = figures_of(runs, metric);
  return stats::median_of(figures);
}

// Of the logarithms, where the change is a ratio.
std::optional<Estimate> by_rank(Runs before, Runs after, Compared metric, double confidence) {
  auto x = figures_of(before, metric);
  auto y = figures_of(after, metric);
  if (is_share(metric)) {
    for (auto* side : {&x, &y})
      for (double& figure : *side) figure = std::log(figure);
  }
  const auto shift = stats::hodges_lehmann(x, y, confidence);
  if (!shift) return std::nullopt;
  return Estimate{.value = shift->value, .low = shift->low, .high = shift->high};
}

std::optional<Estimate> by_bootstrap(Runs before, Runs after, Compared metric, double confidence) {
  const auto contrast = is_share(metric) ? stats::Contrast::log_ratio : stats::Contrast::difference;
  return stats::bootstrap_contrast(series_of(before, metric), series_of(after, metric),
                                   statistic_for(metric), contrast, confidence);
}

double median_lag_ms(Runs runs, Compared metric) {
  std::vector<double> lags;
  for (const auto& run : runs) lags.push_back(quantile_of(run.lag_ms, metric));
  return stats::median_of(lags);
}

double scheduled(Runs runs) {
  double sum = 0;
  for (const auto& run : runs) sum += static_cast<double>(run.scheduled);
  return sum;
}

// What the measurement itself leaves open: the generator's lag, and errors too rare to be seen
// (none in n messages: up to -log(1 - confidence) / n).
double blur_of(Runs before, Runs after, const ComparedMetric& metric) {
  if (is_time(metric.metric)) {
    const double apart =
        std::abs(median_lag_ms(after, metric.metric) - median_lag_ms(before, metric.metric));
    return std::log1p(apart / metric.before);
  }
  if (metric.metric != Compared::error_rate) return 0;
  return -std::log(1 - kChangeConfidence) / std::min(scheduled(before), scheduled(after));
}

// How much worse it became, by two intervals.
struct Worse {
  Estimate inner, outer;
};

Estimate as_worse(const Estimate& contrast, double blur, Compared metric) {
  const Estimate wide{contrast.value, contrast.low - blur, contrast.high + blur};
  return more_is_better(metric) ? Estimate{-wide.value, -wide.high, -wide.low} : wide;
}

Standing standing_of(const Worse& worse, double margin) {
  if (worse.outer.low > margin) return Standing::worse;
  if (worse.outer.high < -margin) return Standing::better;
  return worse.inner.low >= -margin && worse.inner.high <= margin ? Standing::same
                                                                  : Standing::unknown;
}

// The interval of n runs narrows with the root of n, and has to clear the margin's nearer edge.
std::optional<std::size_t> more_runs(const Estimate& worse, double margin, std::size_t runs,
                                     bool is_ranked) {
  if (!is_ranked) return stats::kShiftSamplesMin - std::min(runs, stats::kShiftSamplesMin - 1);
  const double room = std::abs(std::abs(worse.value) - margin);
  const double ratio = (worse.high - worse.low) / 2 / room;
  const double needed = std::ceil(static_cast<double>(runs) * ratio * ratio);
  if (!(needed < static_cast<double>(kMoreRunsMax))) return std::nullopt;
  return std::max<std::size_t>(static_cast<std::size_t>(needed), runs + 1) - runs;
}

Estimate as_change(const Estimate& worse, Compared metric) {
  const Estimate contrast =
      more_is_better(metric) ? Estimate{-worse.value, -worse.high, -worse.low} : worse;
  if (!is_share(metric)) return contrast;
  return {std::exp(contrast.value), std::exp(contrast.low), std::exp(contrast.high)};
}

ComparedMetric compare_one(Runs before, Runs after, Compared metric, double margin) {
  ComparedMetric one{.metric = metric,
                     .before = median_figure(before, metric),
                     .after = median_figure(after, metric),
                     .change = {},
                     .margin = margin,
                     .standing = Standing::unknown,
                     .reason = {},
                     .more_runs = {}};
  const std::size_t runs = std::min(before.size(), after.size());
  const bool is_ranked = runs >= stats::kShiftSamplesMin;
  const auto contrast_of = is_ranked ? by_rank : by_bootstrap;
  const auto inner = contrast_of(before, after, metric, kSameConfidence);
  const auto outer = contrast_of(before, after, metric, kChangeConfidence);
  if (!inner || !outer) {
    one.reason = fmt::format("no figure, or fewer than {} seconds", stats::kBootstrapSecondsMin);
    return one;
  }
  const double blur = blur_of(before, after, one);
  const Worse worse{as_worse(*inner, blur, metric), as_worse(*outer, blur, metric)};
  one.change = as_change(worse.inner, metric);
  const double edge = is_share(metric) ? std::log1p(margin) : margin;
  one.standing = standing_of(worse, edge);
  if (one.standing != Standing::unknown) return one;
  one.reason = "the interval reaches over the margin";
  one.more_runs = more_runs(worse.outer, edge, runs, is_ranked);
  return one;
}

core::Result<void> check_alike(const run::Comparable& a, const run::Comparable& b) {
  for (std::size_t i = 0; i < std::min(a.load.size(), b.load.size()); ++i) {
    if (a.load[i] == b.load[i]) continue;
    return core::usage_error(fmt::format("not the same load: {} has {} {}, {} has {}", a.id,
                                         a.load[i].first, a.load[i].second, b.id,
                                         b.load[i].second));
  }
  return {};
}

void note_differences(const run::Comparable& a, const run::Comparable& b,
                      std::vector<std::string>& notes) {
  for (std::size_t i = 0; i < std::min(a.surroundings.size(), b.surroundings.size()); ++i) {
    if (a.surroundings[i] == b.surroundings[i]) continue;
    notes.push_back(fmt::format("{} differs: {} and {}", a.surroundings[i].first,
                                a.surroundings[i].second, b.surroundings[i].second));
  }
}

std::vector<run::Comparable> that_count(Runs runs, std::vector<std::string>& notes) {
  std::vector<run::Comparable> kept;
  for (const auto& run : runs) {
    if (run.doubt.empty())
      kept.push_back(run);
    else
      notes.push_back(fmt::format("{} is left out: {}", run.id, run.doubt));
  }
  return kept;
}

Standing overall(const std::vector<ComparedMetric>& metrics) {
  const auto any = [&](Standing standing) {
    return std::ranges::any_of(metrics, [=](const auto& one) { return one.standing == standing; });
  };
  for (const auto standing : {Standing::worse, Standing::unknown, Standing::better})
    if (any(standing)) return standing;
  return metrics.empty() ? Standing::unknown : Standing::same;
}

run::Outcome outcome_of(Standing standing) {
  switch (standing) {
    case Standing::better:
    case Standing::same: return run::Outcome::pass;
    case Standing::unknown: return run::Outcome::inconclusive;
    case Standing::worse: return run::Outcome::fail;
  }
  std::unreachable();
}

run::CheckResult check_of(const ComparedMetric& one) {
  auto reason = one.reason;
  if (one.more_runs) reason += fmt::format("; {} more runs of each may tell", *one.more_runs);
  return {.metric = std::string(run::name_of(one.metric)),
          .limit = "within " + run::margin_text(one),
          .observed = run::change_text(one),
          .outcome = outcome_of(one.standing),
          .reason = reason.empty() ? "" : "uncertain: " + reason};
}

}  // namespace

core::Result<void> Margins::set(std::string_view text) {
  const std::size_t equals = text.find('=');
  const bool names_one = equals != std::string_view::npos;
  const auto value = core::parse_ratio(names_one ? text.substr(equals + 1) : text);
  if (!value) return std::unexpected(value.error());
  if (*value <= 0 || *value >= 1) return core::usage_error("a margin lies between 0 and 100 %");
  bool found = false;
  for (const Compared metric : run::kCompared) {
    if (names_one ? run::name_of(metric) != text.substr(0, equals) : !is_share(metric)) continue;
    const auto i = static_cast<std::size_t>(metric);
    by_seconds_[i] = by_rank_[i] = *value;
    found = true;
  }
  if (found) return {};
  return core::usage_error(
      fmt::format("'{}' is none of throughput, p50, p95, p99, error_rate", text.substr(0, equals)));
}

core::Result<ComparedRuns> compare(Runs before, Runs after, const Margins& margins) {
  if (before.empty() || after.empty()) return core::usage_error("nothing to compare with");
  ComparedRuns comparison;
  for (const auto& side : {before, after})
    for (const auto& run : side)
      if (auto alike = check_alike(before.front(), run); !alike)
        return std::unexpected(alike.error());
  note_differences(before.front(), after.front(), comparison.notes);
  const auto a = that_count(before, comparison.notes);
  const auto b = that_count(after, comparison.notes);
  comparison.before = a.size();
  comparison.after = b.size();
  comparison.by_rank = std::min(a.size(), b.size()) >= stats::kShiftSamplesMin;
  if (a.empty() || b.empty()) return comparison;
  for (const Compared metric : run::kCompared)
    comparison.metrics.push_back(compare_one(a, b, metric, margins.of(metric, comparison.by_rank)));
  comparison.standing = overall(comparison.metrics);
  return comparison;
}

run::TestResult regression_test(const ComparedRuns& comparison, std::string_view suite) {
  run::TestResult test;
  test.name = fmt::format("{}.no_regression", suite);
  test.outcome = outcome_of(comparison.standing);
  test.evidence = fmt::format("{} runs against {} of the baseline{}", comparison.after,
                              comparison.before, comparison.by_rank ? ", by rank" : "");
  for (const auto& note : comparison.notes) test.evidence += "; " + note;
  for (const auto& one : comparison.metrics) test.checks.push_back(check_of(one));
  if (test.checks.empty())
    test.checks.push_back(
        {.metric = "baseline",
         .limit = "comparable runs",
         .observed = "none",
         .outcome = run::Outcome::inconclusive,
         .reason = "no_samples: " + fmt::format("{}", fmt::join(comparison.notes, "; "))});
  for (const auto& check : test.checks) {
    const auto comma = test.observed.empty() ? "" : ", ";
    test.observed += fmt::format("{}{} {}", comma, check.metric, check.observed);
    test.limit += fmt::format("{}{} {}", comma, check.metric, check.limit);
    if (test.reason.empty()) test.reason = check.reason;
  }
  return test;
}

void add_test(run::Verdict& verdict, run::TestResult test) {
  verdict.outcome = std::max(verdict.outcome, test.outcome);
  verdict.tests.push_back(std::move(test));
}

}  // namespace gauntlet::verdict
