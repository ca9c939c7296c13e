#include "report/faults_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/quantity.h"
#include "report/sparkline.h"
#include "run/limit.h"
#include "run/measured.h"

namespace gauntlet::report {
namespace {

constexpr std::string_view kRow =
    "  {:<24} {:>8} {:>8} {:>9} {:>10} {:>9} {:>10} {:>10} {:>9}  {}\n";
constexpr std::size_t kPointsMax = 30;  // of a phase's curve

std::string seconds(const std::optional<double>& value, std::string_view none) {
  return value ? fmt::format("{:.2f} s", *value) : std::string(none);
}

std::string percent(double share) { return run::format_value(share, run::Unit::ratio); }

std::string back_text(const run::FaultRecord& fault) {
  if (fault.victims == 0) return "none";
  return fmt::format("{}/{}", fault.reconnected, fault.victims);
}

std::string fault_row(const run::FaultRecord& fault) {
  const std::string name =
      fault.occurrence == 0 ? fault.id : fmt::format("{} #{}", fault.id, fault.occurrence + 1);
  if (!fault.skipped.empty()) return fmt::format("  {:<24} SKIPPED: {}\n", name, fault.skipped);
  const std::string lasted = fmt::format("{:.1f} s", fault.end_s - fault.start_s);
  const std::string at = fmt::format("{:.1f} s", fault.start_s);
  if (!fault.analysis)
    return fmt::format(kRow, name, at, lasted, "", "", "", "", "", back_text(fault), "NO EVIDENCE");
  const auto& analysis = *fault.analysis;
  const auto& recovered = analysis.recovery.recovered;
  const auto never = run::to_string(analysis.recovery.status);
  return fmt::format(kRow, name, at, lasted, seconds(analysis.detected_s, "never"),
                     recovered ? seconds(recovered->since_start_s, "") : std::string(never),
                     recovered ? seconds(recovered->since_end_s, "") : "",
                     percent(analysis.impact.peak_error_rate), percent(analysis.impact.error_rate),
                     back_text(fault), "shown");
}

struct Course {
  std::string curve;
  double goodput_per_s = 0;
};

// Goodput over a phase, in up to kPointsMax points, as shares of `full`.
Course course_of(const run::Record& record, std::size_t phase, double full) {
  std::vector<const run::Second*> seconds;
  for (const auto& second : record.seconds)
    if (second.phase == phase && second.t > 0) seconds.push_back(&second);
  const std::size_t step = seconds.size() / kPointsMax + 1;
  std::vector<double> shares;
  double all = 0, all_s = 0;
  for (std::size_t i = 0; i < seconds.size(); i += step) {
    double completed = 0, length_s = 0;
    for (std::size_t j = i; j < std::min(i + step, seconds.size()); ++j) {
      completed += static_cast<double>(seconds[j]->counts.completed);
      length_s += seconds[j]->length;
    }
    all += completed;
    all_s += length_s;
    shares.push_back(full > 0 && length_s > 0 ? completed / length_s / full : 0);
  }
  return {.curve = bars(shares), .goodput_per_s = all_s > 0 ? all / all_s : 0};
}

std::string phase_rows(const run::Record& record) {
  const double full = run::measure(record).achieved_per_s;
  std::string out;
  for (std::size_t i = 0; i < record.phases.size() && i < record.plan.phases.size(); ++i) {
    const auto& totals = record.phases[i];
    if (totals.counts.scheduled == 0) continue;
    const auto course = course_of(record, i, full);
    out += fmt::format(
        "  {:<24} {:>10}  errors {:>8}  p50 {:>8}  p99 {:>8}  |{}|\n", record.plan.phases[i].name,
        core::format_rate(course.goodput_per_s),
        percent(static_cast<double>(run::sum(totals.counts.errors)) /
                static_cast<double>(totals.counts.scheduled)),
        run::format_value(totals.latencies.response.quantile_ms(0.5), run::Unit::milliseconds),
        run::format_value(totals.latencies.response.quantile_ms(0.99), run::Unit::milliseconds),
        course.curve);
  }
  return out;
}

// Every call is accounted for: what broke a promise of the protocol, and what nobody can know.
std::string history_row(const run::Record& record) {
  run::Counts all;
  for (const auto& phase : record.phases) all.add(phase.counts);
  std::string out = fmt::format("  history of {} calls:", core::format_count(all.scheduled));
  for (std::size_t i = 0; i < run::kBreachCount; ++i)
    out += fmt::format(" {} {},", all.breaches[i], run::kBreachNames[i]);
  const auto unknown = all.errors[static_cast<std::size_t>(run::ErrorClass::indeterminate)];
  return out + fmt::format(" {} indeterminate; {} retries\n", unknown, all.retries);
}

std::string course_text(const run::Record& record, const std::string& title) {
  if (record.faults.empty()) return "";
  std::string out =
      "\n" + title + (record.lab.used ? " (in the lab, " + record.lab.tcp + " TCP)\n" : "\n");
  out += fmt::format(kRow, "fault", "at", "lasted", "detected", "recovered", "healed", "peak err",
                     "errors", "back", "evidence");
  for (const auto& fault : record.faults) out += fault_row(fault);
  return out + phase_rows(record) + history_row(record);
}

}  // namespace

std::string faults_text(const run::Record& record) {
  if (record.levels.empty()) return course_text(record, run::suite_title(record));
  std::string out;
  for (std::size_t i = 0; i < record.level_records.size() && i < record.levels.size(); ++i) {
    const auto& level = record.levels[i];
    const std::string stock = level.level.stock ? ", stock TCP and plain clients" : "";
    out += course_text(record.level_records[i], level.level.name + stock);
  }
  return out;
}

}  // namespace gauntlet::report
