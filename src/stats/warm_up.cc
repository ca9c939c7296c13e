#include "stats/warm_up.h"

#include <limits>
#include <vector>

namespace gauntlet::stats {
namespace {

std::vector<double> batch_means(std::span<const double> values) {
  std::vector<double> means;
  for (std::size_t i = 0; i + kWarmUpBatch <= values.size(); i += kWarmUpBatch) {
    double sum = 0;
    for (const double value : values.subspan(i, kWarmUpBatch)) sum += value;
    means.push_back(sum / static_cast<double>(kWarmUpBatch));
  }
  return means;
}

// How many batches to leave out. Their mean and sum of squares are kept up from the last batch
// backwards (Welford), so that each cut costs one step.
std::size_t best_cut(std::span<const double> batches) {
  const std::size_t left_min = batches.size() / 4;  // fewer are alike by chance
  double best = std::numeric_limits<double>::infinity();
  std::size_t cut = 0;
  double mean = 0;
  double squares = 0;
  for (std::size_t left = 1; left <= batches.size(); ++left) {
    const double value = batches[batches.size() - left];
    const auto n = static_cast<double>(left);
    const double step = value - mean;
    mean += step / n;
    squares += step * (value - mean);
    if (left < left_min || squares / (n * n) > best) continue;
    best = squares / (n * n);
    cut = batches.size() - left;
  }
  return cut;
}

}  // namespace

WarmUp warm_up_of(std::span<const double> values) {
  if (values.size() < kWarmUpSamplesMin) return {};
  const auto batches = batch_means(values);
  const std::size_t cut = best_cut(batches);
  if (cut > batches.size() / 2) return {.status = WarmUpStatus::never, .begin = 0};
  return {.status = WarmUpStatus::steady, .begin = cut * kWarmUpBatch};
}

}  // namespace gauntlet::stats
