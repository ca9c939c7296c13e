// PageSeries: a run's seconds, memory and cores as the page's tables. Private to report/.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "report/page_table.h"
#include "run/record.h"
#include "stats/latency_map.h"

namespace gauntlet::report {

// What the histograms of a second tell beyond its percentiles.
struct ServiceTimes {
  double t = 0;
  double p50_ms = 0, p95_ms = 0;
};

struct Unpacked {
  stats::LatencyMap response;
  std::vector<ServiceTimes> service;

  // Histograms that are none of ours are left out.
  void add(const run::TimedHistograms& histograms);
};

// Columns: scheduled, completed, retries (per second), error_<class> of those that occurred,
// response_*, service_*, send_lag_p99 (ms; none where nothing was completed), ready, outstanding,
// victims_waiting, pause (ms). Service times are found by their second's time.
PageTable seconds_table(std::span<const run::Second> seconds,
                        std::span<const ServiceTimes> service);
PageTable memory_table(std::span<const run::MemorySample> samples);  // resident, proportional: MB
PageTable cores_table(std::span<const run::CoreSample> samples);     // target, generator, others

}  // namespace gauntlet::report
