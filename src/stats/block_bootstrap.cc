#include "stats/block_bootstrap.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/random.h"
#include "stats/deviation.h"
#include "stats/median.h"
#include "stats/student.h"

namespace gauntlet::stats {
namespace {

constexpr std::uint64_t kSeed = 20'261'126;

using Runs = std::span<const RunSeries>;

double median_of_values(const std::vector<WeighedValue>& all) {
  std::vector<double> values;
  values.reserve(all.size());
  for (const auto& each : all) values.push_back(each.value);
  return median_of(values);
}

double quotient_of(const std::vector<WeighedValue>& all) {
  double value = 0;
  double weight = 0;
  for (const auto& each : all) {
    value += each.value;
    weight += each.weight;
  }
  return value / weight;
}

double statistic_of_pool(const std::vector<WeighedValue>& pool, Statistic statistic) {
  return statistic == Statistic::median ? median_of_values(pool) : quotient_of(pool);
}

WeighedValue joined(std::span<const WeighedValue> stretch, Statistic statistic) {
  const std::vector<WeighedValue> all(stretch.begin(), stretch.end());
  if (statistic == Statistic::median) return {median_of_values(all), 1};
  WeighedValue sum{0, 0};
  for (const auto& each : all) sum = {sum.value + each.value, sum.weight + each.weight};
  return sum;
}

RunSeries thinned(const RunSeries& run, Statistic statistic) {
  if (run.size() <= kBootstrapSecondsMax) return run;
  RunSeries kept;
  for (std::size_t i = 0; i < kBootstrapSecondsMax; ++i) {
    const std::size_t begin = i * run.size() / kBootstrapSecondsMax;
    const std::size_t end = (i + 1) * run.size() / kBootstrapSecondsMax;
    kept.push_back(joined(std::span(run).subspan(begin, end - begin), statistic));
  }
  return kept;
}

std::vector<RunSeries> thinned(Runs runs, Statistic statistic) {
  std::vector<RunSeries> all;
  for (const auto& run : runs) all.push_back(thinned(run, statistic));
  return all;
}

std::size_t block_of(const RunSeries& run) {
  return static_cast<std::size_t>(std::ceil(2 * std::sqrt(run.size())));
}

void draw_blocks(core::Random& random, const RunSeries& run, std::vector<WeighedValue>& into) {
  const std::size_t block = block_of(run);
  for (std::size_t drawn = 0; drawn < run.size();) {
    const std::size_t from = random.below(run.size());
    for (std::size_t i = 0; i < block && drawn < run.size(); ++i, ++drawn)
      into.push_back(run[(from + i) % run.size()]);
  }
}

double replicate(core::Random& random, Runs runs, Statistic statistic) {
  std::vector<WeighedValue> pool;
  for (std::size_t i = 0; i < runs.size(); ++i)
    draw_blocks(random, runs[random.below(runs.size())], pool);
  return statistic_of_pool(pool, statistic);
}

double blocks_of(Runs runs) {
  double blocks = 0;
  for (const auto& run : runs)
    blocks += static_cast<double>(run.size()) / static_cast<double>(block_of(run));
  return blocks;
}

double contrast_of(double before, double after, Contrast contrast) {
  return contrast == Contrast::difference ? after - before : std::log(after / before);
}

bool enough(Runs runs) {
  const auto is_short = [](const RunSeries& run) { return run.size() < kBootstrapSecondsMin; };
  return !runs.empty() && std::ranges::none_of(runs, is_short);
}

}  // namespace

double statistic_of(Runs runs, Statistic statistic) {
  std::vector<WeighedValue> pool;
  for (const auto& run : runs) pool.insert(pool.end(), run.begin(), run.end());
  return statistic_of_pool(pool, statistic);
}

std::optional<Estimate> bootstrap_contrast(Runs before, Runs after, Statistic statistic,
                                           Contrast contrast, double confidence) {
  GAUNTLET_CHECK(confidence > 0 && confidence < 1);
  if (!enough(before) || !enough(after)) return std::nullopt;
  const auto a = thinned(before, statistic);
  const auto b = thinned(after, statistic);
  core::Random random(kSeed);
  std::vector<double> replicates;
  for (std::size_t i = 0; i < kBootstrapReplicates; ++i)
    replicates.push_back(
        contrast_of(replicate(random, a, statistic), replicate(random, b, statistic), contrast));
  const double value =
      contrast_of(statistic_of(a, statistic), statistic_of(b, statistic), contrast);
  const auto is_finite = [](double each) { return std::isfinite(each); };
  if (!is_finite(value) || !std::ranges::all_of(replicates, is_finite)) return std::nullopt;
  const double away = student_quantile((1 + confidence) / 2, blocks_of(a) + blocks_of(b) - 2) *
                      deviation_of(replicates, 1);
  return Estimate{.value = value, .low = value - away, .high = value + away};
}

}  // namespace gauntlet::stats
