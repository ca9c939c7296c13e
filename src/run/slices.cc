#include "run/slices.h"

#include <algorithm>

#include "run/limit.h"
#include "run/measured.h"

namespace gauntlet::run {

namespace {

constexpr double kHourS = 3600;
constexpr double kSlicesMin = 10;
// Seconds do not end at exact whole seconds: what is left over at the end is no slice.
constexpr double kLeftOverShare = 0.05;

std::vector<Slice> empty_slices(const Measured& measured, double length_s) {
  std::vector<Slice> slices;
  for (double start = measured.start_s; start + kLeftOverShare * length_s < measured.end_s;
       start += length_s) {
    slices.emplace_back();
    slices.back().start_s = start;
    slices.back().end_s = std::min(start + length_s, measured.end_s);
  }
  return slices;
}

// The slice in which t lies; nothing outside of the measured phase.
Slice* slice_at(std::vector<Slice>& slices, double t) {
  const auto at = std::ranges::lower_bound(slices, t, {}, &Slice::end_s);
  return at == slices.end() || t <= at->start_s ? nullptr : &*at;
}

}  // namespace

bool is_soak(const Plan& plan) {
  return std::ranges::any_of(plan.tests, [](const Test& test) {
    return std::ranges::any_of(test.limits, [](const Limit& limit) {
      const Metric* metric = find_metric(limit.metric);
      return metric != nullptr && speaks_of_soak(metric->kind);
    });
  });
}

double slice_s(const Plan& plan) {
  const double length_s = core::to_seconds(plan.phases[measured_phase(plan)].duration);
  return std::min(kHourS, length_s / kSlicesMin);
}

std::vector<Slice> slices_of(const Record& record) {
  auto slices = empty_slices(measure(record), slice_s(record.plan));
  for (auto& slice : slices) slice.gap_s = record.gaps_s(slice.start_s, slice.end_s);
  for (const auto& second : record.seconds)
    if (Slice* slice = slice_at(slices, second.t)) {
      slice->watched_s += second.length;
      slice->counts.add(second.counts);
      slice->pause_max_s = std::max(slice->pause_max_s, second.pause_s);
    }
  for (const auto& timed : record.histograms)
    if (Slice* slice = slice_at(slices, timed.t))
      if (const auto read = stats::Histogram::decode_v2_compressed(timed.response))
        slice->response.merge(*read);
  for (const auto& sample : record.memory)
    if (Slice* slice = slice_at(slices, sample.t)) slice->memory_mb = sample.resident_mb;
  for (const auto& sample : record.holdings)
    if (Slice* slice = slice_at(slices, sample.t)) {
      slice->descriptors = sample.descriptors;
      slice->threads = sample.threads;
    }
  return slices;
}

}  // namespace gauntlet::run
