#include "report/terminal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "core/quantity.h"
#include "report/capacity_table.h"
#include "report/faults_text.h"
#include "report/operations_text.h"
#include "report/scaling_text.h"
#include "report/slices_text.h"
#include "run/limit.h"
#include "run/measured.h"

namespace gauntlet::report {

namespace {

std::string_view color_of(run::Outcome outcome) {
  switch (outcome) {
    case run::Outcome::pass: return "\x1b[32m";
    case run::Outcome::warn: return "\x1b[33m";
    case run::Outcome::fail: return "\x1b[31m";
    case run::Outcome::inconclusive: return "\x1b[35m";
    case run::Outcome::skipped: return "\x1b[36m";
  }
  return "";
}

// A verdict in a column of `width`: colour codes take no width.
std::string painted(run::Outcome outcome, std::size_t width, bool color) {
  const auto padded = fmt::format("{:<{}}", run::to_string(outcome), width);
  return color ? fmt::format("{}{}\x1b[0m", color_of(outcome), padded) : padded;
}

std::string phase_text(const run::Plan& plan, const run::Second& latest) {
  if (latest.t <= 0 || latest.phase >= plan.phases.size()) return "connecting";
  const auto& phase = plan.phases[latest.phase];
  const double length = core::to_seconds(phase.duration);
  const double start = core::to_seconds(run::phase_start(plan, latest.phase));
  const double elapsed = std::clamp(latest.t - start, 0.0, length);
  return fmt::format("{} {:.0f}/{:.0f} s", phase.name, elapsed, length);
}

std::string rate_text(const run::Plan& plan, const run::Second& latest) {
  const double rate =
      latest.length > 0 ? static_cast<double>(latest.counts.completed) / latest.length : 0;
  if (plan.load.arrivals == run::Arrivals::closed) return core::format_rate(rate);
  return fmt::format("{} of {}", core::format_rate(rate), core::format_rate(plan.load.rate));
}

struct Row {
  std::string test;
  run::Outcome outcome;
  std::string observed;
  std::string limit;
  std::string reason;
};

std::vector<Row> rows_of(const run::Verdict& verdict) {
  std::vector<Row> rows;
  for (const auto& test : verdict.tests) {
    std::string name = test.name;
    for (const auto& check : test.checks) {
      rows.push_back({std::exchange(name, ""), check.outcome,
                      fmt::format("{} {}", check.metric, check.observed), check.limit,
                      check.reason});
    }
  }
  return rows;
}

std::size_t width_of(const std::vector<Row>& rows, std::string Row::* column,
                     std::string_view title) {
  std::size_t width = title.size();
  for (const auto& row : rows) width = std::max(width, (row.*column).size());
  return width;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string table(const std::vector<Row>& rows, bool color) {
  constexpr std::size_t kVerdictWidth = 12;  // INCONCLUSIVE
  const std::size_t test = width_of(rows, &Row::test, "test");
  const std::size_t observed = width_of(rows, &Row::observed, "observed");
  std::string out = trimmed(fmt::format("{:<{}}  {:<{}}  {:<{}}  {}", "test", test, "verdict",
                                        kVerdictWidth, "observed", observed, "limit"));
  for (const auto& row : rows) {
    out += trimmed(fmt::format("{:<{}}  {}  {:<{}}  {}", row.test, test,
                               painted(row.outcome, kVerdictWidth, color), row.observed, observed,
                               row.limit));
    if (!row.reason.empty()) out += fmt::format("{:<{}}    {}\n", "", test, row.reason);
  }
  return out;
}

std::string_view agreement_text(std::optional<bool> agrees) {
  if (!agrees) return "too few to tell";
  return *agrees ? "agrees" : "DISAGREES";
}

std::string probe_text(const run::SelfCheck& check) {
  std::string text;
  for (const auto& seen : check.probe)
    text += fmt::format("{}{} {:.3g} ms, the load's {:.3g} ms ({})", text.empty() ? "" : "; ",
                        seen.quantile, seen.probe_ms, seen.load_ms, agreement_text(seen.agrees));
  return text.empty() ? "" : "\n            probe client's " + text;
}

std::string self_check_text(const run::SelfCheck& check) {
  auto text = fmt::format(
      "{}; send lag p99 {}, busiest thread {:.2f} cores, core wait {:.1f} %, "
      "steal {:.1f} %",
      check.trusted ? "trusted" : "NOT trusted",
      run::format_value(check.send_lag_ms_p99, run::Unit::milliseconds), check.cpu_busiest_thread,
      check.run_queue_delay_share * 100, check.steal_share * 100);
  if (check.target_wait_share) {
    text += fmt::format(
        "\n            target's core wait {:.1f} %, other programs {:.1f} % of the cores",
        *check.target_wait_share * 100, check.others_cpu_share.value_or(0) * 100);
  }
  text += probe_text(check);
  for (const auto& reason : check.reasons) text += fmt::format("\n            {}", reason);
  if (!check.machine_busy.empty()) {
    text += fmt::format("\n            machine busy: {}", check.machine_busy);
  }
  return text;
}

std::string target_text(const run::TargetInfo& target) {
  auto text = target.url;
  if (!target.server_name.empty()) {
    text += fmt::format(", {} {}", target.server_name, target.server_version);
  }
  if (!target.protocol.empty()) {
    text += fmt::format(", {} over {}", target.protocol, target.transport);
  }
  if (target.pid != 0) text += fmt::format(", pid {}", target.pid);
  return text;
}

std::string load_text(const run::Record& record) {
  const auto& load = record.plan.load;
  const auto measured = run::measure(record);
  auto text = fmt::format("{}, {} connections, ", run::to_string(load.arrivals), load.connections);
  if (load.arrivals != run::Arrivals::closed) {
    text += fmt::format("{} offered, ", core::format_rate(load.rate));
  }
  text += fmt::format("{} achieved, bursts of {}", core::format_rate(measured.achieved_per_s),
                      load.burst);
  if (!record.floor) return text;
  return text +
         fmt::format(", {} of the floor of {}",
                     run::format_value(measured.achieved_per_s / record.floor->messages_per_s,
                                       run::Unit::ratio),
                     core::format_rate(record.floor->messages_per_s));
}

constexpr std::string_view kLevelRow =
    "{:<24} {:>7} {:>12} {:>12} {:>9} {:>8} {:>8} {:>8} {:>9} {:>9} {:>12} {:>6}";

std::string level_row(const run::LevelResult& result) {
  const bool closed = result.level.rate == 0;
  const auto errors = static_cast<double>(result.errors);
  const double rate = result.scheduled > 0 ? errors / static_cast<double>(result.scheduled) : 0;
  const auto memory =
      result.proportional_peak_mb ? result.proportional_peak_mb : result.memory_peak_mb;
  const auto ms = [](double value) { return fmt::format("{:.3g}", value); };
  return fmt::format(kLevelRow, result.level.name, core::format_count(result.level.connections),
                     closed ? "closed" : core::format_rate(result.offered_per_s),
                     core::format_rate(result.achieved_per_s),
                     fmt::format("{:.1f}", result.messages_per_write), ms(result.response_p50_ms),
                     ms(result.response_p95_ms), ms(result.response_p99_ms),
                     run::format_value(rate, run::Unit::ratio),
                     memory ? run::format_value(*memory, run::Unit::megabytes) : "none",
                     result.floor_per_s ? core::format_rate(*result.floor_per_s) : "none",
                     result.floor_per_s ? fmt::format("{:.0f} %", 100 * result.achieved_per_s /
                                                                      *result.floor_per_s)
                                        : "none") +
         (result.trusted ? "\n" : "  NOT trusted\n");
}

// One table a pattern, each level beside the floor of its own.
std::string pattern_table(const run::Record& record, std::uint32_t burst) {
  auto out = fmt::format("\n{}: {}\n", run::suite_title(record), run::pattern_name(burst));
  out += fmt::format(kLevelRow, "level", "conns", "offered", "achieved", "msg/write", "p50 ms",
                     "p95", "p99", "errors", "memory", "floor", "share");
  out += '\n';
  for (const auto& result : record.levels)
    if (result.level.burst == burst) out += level_row(result);
  return out;
}

std::string levels_tables(const run::Record& record) {
  std::string out;
  for (const std::uint32_t burst : run::bursts_of(record.levels))
    out += pattern_table(record, burst);
  return run::are_scenarios(record) ? out : out + scaling_text(record.levels);
}

}  // namespace

bool is_terminal(std::FILE* out) { return isatty(fileno(out)) == 1; }

bool wants_color(std::FILE* out) {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return is_terminal(out) && term != nullptr && std::string_view(term) != "dumb";
}

std::string status_text(const run::Plan& plan, const run::Second& latest,
                        std::span<const std::string> active_faults) {
  auto text = fmt::format("{}  {}  p50 {:.3g} p95 {:.3g} p99 {:.3g} ms  {} errors  {}/{} ready",
                          phase_text(plan, latest), rate_text(plan, latest), latest.response_p50_ms,
                          latest.response_p95_ms, latest.response_p99_ms,
                          core::format_count(run::sum(latest.counts.errors)),
                          latest.connections_ready, plan.load.connections);
  if (!active_faults.empty()) text += fmt::format("  FAULT {}", fmt::join(active_faults, ", "));
  return text;
}

std::string verdict_text(const run::Record& record, const run::Verdict& verdict,
                         std::string_view report_path, bool color) {
  auto out = table(rows_of(verdict), color);
  if (!record.levels.empty()) out += levels_tables(record);
  out += faults_text(record);
  if (record.capacity) out += capacity_table(*record.capacity);
  out += operations_text(record);
  out += slices_text(record);
  const auto line = [&](std::string_view title, std::string_view text) {
    if (!text.empty()) fmt::format_to(std::back_inserter(out), "{:<10}  {}\n", title, text);
  };
  out += '\n';
  line("self-check", self_check_text(record.self_check));
  line("target", target_text(record.target));
  line("load", load_text(record));
  if (record.died)
    line("died", fmt::format("Gauntlet ended {:.1f} s into the load, before the run did: this is "
                             "what its store held",
                             record.seconds.empty() ? 0 : record.seconds.back().t));
  for (const auto& gap : record.gaps)
    line("gap",
         fmt::format("{:.1f} s from {:.1f} s on: Gauntlet {}, {} messages undecided; the run "
                     "was resumed",
                     gap.length_s(), gap.start_s, gap.how, core::format_count(gap.undecided)));
  line("repeat", record.run.repro);
  line("report", report_path);
  fmt::format_to(std::back_inserter(out), "\n{} ({}): {}\n", run::suite_title(record),
                 run::to_string(record.plan.mode), painted(verdict.outcome, 0, color));
  return out;
}

}  // namespace gauntlet::report
