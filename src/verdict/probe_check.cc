#include "verdict/probe_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "run/limit.h"
#include "run/measured.h"
#include "stats/quantile_interval.h"

namespace gauntlet::verdict {

namespace {

using run::ProbeComparison;
using run::Unit;
using stats::QuantileBounds;

std::optional<double> if_finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// Whether a client's bursts overlap at that service time, so that its own are in front of it, and
// the probe's connections are slower paced.
bool paced_apart(const run::Record& record, double service_ms) {
  const auto& load = record.plan.load;
  const bool one_at_a_time = record.target.transport == "http" && load.pipeline == 1;
  if (load.arrivals == run::Arrivals::closed || one_at_a_time) return false;
  const double pace = load.rate / load.connections;
  const double probe_pace = record.probe.rate_per_s / record.probe.connections;
  return pace / load.burst * service_ms / 1e3 > 1 && probe_pace < kProbePaceShareMin * pace;
}

// What the load saw while there was this probe: of a run that was resumed, since it was last.
run::Latencies latencies_beside(const run::Record& record) {
  if (record.gaps.empty()) return run::measured_totals(record).latencies;
  run::Latencies all;
  for (const auto& timed : record.histograms) {
    if (timed.phase != record.measured_phase() || timed.t <= record.gaps.back().end_s) continue;
    if (const auto part = run::decode(timed)) all.merge(*part);
  }
  return all;
}

class Check {
 public:
  Check(const run::Record& record, const run::Latencies& load, run::SelfCheck& check)
      : record_(record), load_(load), probe_(record.probe.totals.latencies), check_(check) {}

  void compare(const std::string& name, double allowed_ms) {
    const double q = run::find_metric(name)->quantile;
    const std::uint64_t burst = record_.plan.load.burst;
    const auto load = stats::quantile_bounds(load_.service, q, kProbeConfidence, burst);
    const auto probe = stats::quantile_bounds(probe_.service, q, kProbeConfidence, burst);
    ProbeComparison seen{.quantile = name,
                         .load_ms = load_.service.quantile_ms(q),
                         .load_low_ms = load.low_ms,
                         .probe_ms = probe_.service.quantile_ms(q),
                         .probe_low_ms = probe.low_ms,
                         .load_high_ms = if_finite(load.high_ms),
                         .probe_high_ms = if_finite(probe.high_ms),
                         .allowed_ms = allowed_ms,
                         .agrees = {}};
    judge(seen, load, probe);
    const auto response = stats::quantile_bounds(load_.response, q, kProbeConfidence, burst);
    const double wakes_late_ms = 2 * probe_.send_lag.quantile_ms(q);
    if (probe.low_ms > response.high_ms + allowed_ms + wakes_late_ms)
      disagree(seen, load_.response.quantile_ms(q), "the load does not see what a client sees");
    check_.probe.push_back(std::move(seen));
  }

 private:
  void judge(ProbeComparison& seen, const QuantileBounds& load, const QuantileBounds& probe) {
    if (paced_apart(record_, load.low_ms)) return;
    if (std::isfinite(probe.high_ms) && std::isfinite(load.high_ms)) seen.agrees = true;
    if (load.low_ms > probe.high_ms + seen.allowed_ms)
      disagree(seen, seen.load_ms, "the load waits in the generator's own queue");
  }

  void disagree(ProbeComparison& seen, double load_ms, std::string_view why) {
    seen.agrees = false;
    check_.reasons.push_back(
        fmt::format("the probe client's {} was {} and the load's {}, more than {} apart: {}",
                    seen.quantile, run::format_value(seen.probe_ms, Unit::milliseconds),
                    run::format_value(load_ms, Unit::milliseconds),
                    run::format_value(seen.allowed_ms, Unit::milliseconds), why));
  }

  const run::Record& record_;
  const run::Latencies& load_;
  const run::Latencies& probe_;
  run::SelfCheck& check_;
};

}  // namespace

void check_probe(const run::Record& record, const std::map<std::string, double>& allowed_ms,
                 run::SelfCheck& check) {
  check.probe.clear();
  check.probe_unjudged = record.probe.none_because;
  if (!check.probe_unjudged.empty()) return;
  if (record.probe.totals.latencies.service.empty()) {
    check.probe_unjudged = "none of its calls was answered";
    return;
  }
  const run::Latencies load = latencies_beside(record);
  if (load.service.empty()) {
    check.probe_unjudged = "none of the load's messages was answered";
    return;
  }
  Check comparison(record, load, check);
  for (const auto& [name, allowed] : allowed_ms) comparison.compare(name, allowed);
}

}  // namespace gauntlet::verdict
