#include "run/comparison.h"

#include <fmt/format.h>

#include "core/quantity.h"
#include "run/limit.h"

namespace gauntlet::run {
namespace {

std::string signed_percent(double percent) { return fmt::format("{:+.1f}", percent); }
std::string signed_points(double points) { return fmt::format("{:+.3f}", points); }

}  // namespace

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::better: return "better";
    case Standing::same: return "same";
    case Standing::unknown: return "not enough data";
    case Standing::worse: return "worse";
  }
  return "";
}

std::string_view name_of(Compared metric) {
  switch (metric) {
    case Compared::throughput: return "throughput";
    case Compared::p50: return "p50";
    case Compared::p95: return "p95";
    case Compared::p99: return "p99";
    case Compared::error_rate: return "error_rate";
  }
  return "";
}

std::string figure_text(Compared metric, double figure) {
  if (metric == Compared::throughput) return core::format_rate(figure);
  return format_value(figure, metric == Compared::error_rate ? Unit::ratio : Unit::milliseconds);
}

std::string change_text(const ComparedMetric& metric) {
  if (!metric.change) return "none";
  const auto& change = *metric.change;
  if (metric.metric == Compared::error_rate)
    return fmt::format("{} points ({} to {})", signed_points(change.value * 100),
                       signed_points(change.low * 100), signed_points(change.high * 100));
  const auto percent = [](double ratio) { return signed_percent((ratio - 1) * 100); };
  return fmt::format("{} % ({} to {})", percent(change.value), percent(change.low),
                     percent(change.high));
}

std::string margin_text(const ComparedMetric& metric) {
  const bool is_difference = metric.metric == Compared::error_rate;
  return fmt::format("{:.3g} {}", metric.margin * 100, is_difference ? "points" : "%");
}

}  // namespace gauntlet::run
