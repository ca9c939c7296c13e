// The metrics of a run in Prometheus's text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Base units, bounded labels;
// docs/guide.md lists them. They are for watching: percentiles of record come from histograms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/recorder.h"
#include "run/plan.h"

namespace gauntlet::record {

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view kMetricsPrefix = "gauntlet";

struct MetricsState {
  const run::Plan& plan;
  const Recorder& recorder;
  std::optional<double> target_memory_mb = {};
  std::vector<std::string> active_faults = {};  // their ids
};

// What --metrics-prefix takes: a letter or _, then letters, digits and _.
bool valid_metrics_prefix(std::string_view prefix);

// "gauntlet" gives gauntlet_messages_total, "erlmcp" gives erlmcp_messages_total.
std::string prometheus_text(const MetricsState& state, std::string_view prefix = kMetricsPrefix);

}  // namespace gauntlet::record
