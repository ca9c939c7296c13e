#include "report/slices_text.h"

#include <fmt/format.h>

#include "core/quantity.h"
#include "run/limit.h"
#include "run/slices.h"

namespace gauntlet::report {

namespace {

constexpr std::string_view kRow = "{:>9} {:>12} {:>8} {:>8} {:>8} {:>9} {:>9} {:>10} {:>11} {:>7}";

std::string count_or_none(const std::optional<std::uint64_t>& count) {
  return count ? core::format_count(*count) : "none";
}

std::string row(const run::Slice& slice) {
  const auto scheduled = static_cast<double>(slice.counts.scheduled);
  const auto errors = static_cast<double>(run::sum(slice.counts.errors));
  const auto ms = [&](double q) {
    return slice.response.empty() ? "none" : fmt::format("{:.3g}", slice.response.quantile_ms(q));
  };
  return fmt::format(
      kRow, core::format_duration(core::from_seconds(std::round(slice.end_s))),
      slice.watched_s > 0
          ? core::format_rate(static_cast<double>(slice.counts.completed) / slice.watched_s)
          : "none",
      ms(0.5), ms(0.95), ms(0.99),
      scheduled > 0 ? run::format_value(errors / scheduled, run::Unit::ratio) : "none",
      run::format_value(slice.pause_max_s * 1e3, run::Unit::milliseconds),
      slice.memory_mb ? run::format_value(*slice.memory_mb, run::Unit::megabytes) : "none",
      count_or_none(slice.descriptors), count_or_none(slice.threads));
}

}  // namespace

std::string slices_text(const run::Record& record) {
  if (!run::is_soak(record.plan)) return "";
  auto out = '\n' +
             fmt::format(kRow, "until", "achieved", "p50 ms", "p95", "p99", "errors", "pause",
                         "memory", "descriptors", "threads") +
             '\n';
  for (const auto& slice : run::slices_of(record)) out += row(slice) + '\n';
  return out;
}

}  // namespace gauntlet::report
