#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "record/row_table.h"
#include "record/store.h"
#include "record/tables.h"
#include "run/limit.h"
#include "run/plan_bounds.h"

namespace gauntlet::record {

namespace {

constexpr double kTimeMax = 1e9;  // seconds: a run of 30 years
constexpr std::size_t kGapsMax = 10'000;

// Why nobody has made such a plan; "" where somebody may have.
std::string trouble_of(const run::Plan& plan) {
  if (plan.phases.empty() || plan.phases.size() > run::kEntriesMax) return "its phases";
  if (std::ranges::count_if(plan.phases, &run::Phase::measured) != 1) return "its measured phase";
  for (const auto& phase : plan.phases)
    if (phase.duration < 0 || phase.duration > run::kPhaseMax || !(phase.rate_factor >= 0))
      return "the length of a phase";
  const auto& load = plan.load;
  if (load.connections < 1 || load.connections > run::kConnectionsMax) return "its connections";
  if (load.burst < 1 || load.burst > run::kBurstMax) return "its bursts";
  if (!(load.rate >= 0 && load.rate <= run::kRateMax)) return "its rate";
  if (plan.levels.size() > run::kEntriesMax) return "its levels";
  for (const auto& test : plan.tests)
    for (const auto& limit : test.limits)
      if (run::find_metric(limit.metric) == nullptr) return "the limit `" + limit.metric + "`";
  return "";
}

template <typename Timed>
bool times_are_sane(const std::vector<Timed>& all, std::size_t phases) {
  return std::ranges::all_of(all, [&](const Timed& each) {
    return std::abs(each.t) <= kTimeMax && each.length >= 0 && each.length <= kTimeMax &&
           each.phase < phases;
  });
}

bool operations_are_sane(const std::vector<run::TimedOperation>& all, std::size_t phases) {
  return times_are_sane(all, phases) &&
         std::ranges::all_of(all, [](const run::TimedOperation& each) {
           return each.operation < run::kOperationsKept &&
                  stats::Histogram::decode_v2_compressed(each.response).has_value();
         });
}

bool gaps_are_sane(const std::vector<run::Gap>& all, std::size_t phases) {
  double before = 0;
  return all.size() <= kGapsMax && std::ranges::all_of(all, [&](const run::Gap& gap) {
           const bool good = gap.start_s >= before && gap.end_s >= gap.start_s &&
                             gap.end_s <= kTimeMax && gap.phase < phases;
           before = gap.end_s;
           return good;
         });
}

std::string trouble_of(const run::Record& record) {
  if (auto trouble = trouble_of(record.plan); !trouble.empty()) return trouble;
  const std::size_t phases = record.plan.phases.size();
  if (record.phases.size() > phases) return "the totals of its phases";
  if (record.phase_start_s.size() > phases) return "the begins of its phases";
  if (!times_are_sane(record.seconds, phases)) return "its seconds";
  if (!times_are_sane(record.histograms, phases)) return "its histograms";
  if (std::ranges::any_of(record.histograms, [](const auto& each) { return !decode(each); }))
    return "its histograms";
  if (!operations_are_sane(record.operations, phases)) return "its operations";
  if (!gaps_are_sane(record.gaps, phases)) return "its gaps";
  for (const auto& level : record.levels)
    if (level.level.burst < 1) return "the bursts of a level";
  return "";
}

core::Result<run::Record> read_sound_level(Database& database, std::int64_t level) {
  auto record = read_level(database, level);
  if (!record) return record;
  if (const auto trouble = trouble_of(*record); !trouble.empty())
    return std::unexpected(damaged(database, fmt::format("{} cannot be those of a run", trouble)));
  return record;
}

// What the load threads would have told at the end, as far as the seconds tell it.
void complete(run::Record& record) {
  record.died = record.interrupted = true;
  record.phases.assign(record.plan.phases.size(), {});
  for (const auto& second : record.seconds) {
    record.phases[second.phase].counts.add(second.counts);
    record.connections_peak = std::max(record.connections_peak, second.connections_ready);
  }
  for (const auto& histograms : record.histograms)
    if (const auto latencies = decode(histograms))
      record.phases[histograms.phase].latencies.merge(*latencies);
  if (!record.seconds.empty())
    record.run.duration_s = record.opened_s + std::max(record.seconds.back().t, 0.0);
}

core::Result<void> read_end(Database& database, StoredRun& run) {
  const auto verdict = read_value(database, 0, kVerdict);
  if (!verdict) return std::unexpected(verdict.error());
  const auto exit_code = read_value(database, 0, kExitCode);
  if (!exit_code) return std::unexpected(exit_code.error());
  run.finished = verdict->has_value();
  if (!run.finished) return {};
  const bool good = from_json(**verdict, run.verdict) && exit_code->has_value() &&
                    from_json(**exit_code, run.exit_code);
  if (!good) return std::unexpected(damaged(database, "its verdict is none"));
  return {};
}

core::Result<void> read_levels(Database& database, StoredRun& run) {
  const auto highest = highest_level(database);
  if (!highest) return std::unexpected(highest.error());
  if (*highest < 0 || *highest > static_cast<std::int64_t>(run::kEntriesMax))
    return std::unexpected(damaged(database, "the number of its levels"));
  for (std::int64_t level = 1; level <= *highest; ++level) {
    const auto plan = read_value(database, level, "plan");
    if (!plan) return std::unexpected(plan.error());
    if (!*plan) continue;
    auto record = read_sound_level(database, level);
    if (!record) return std::unexpected(record.error());
    run.record.level_records.push_back(std::move(*record));
  }
  return {};
}

}  // namespace

core::Result<StoredRun> read_store(const std::filesystem::path& path) {
  auto database = Database::open(path);
  if (!database) return std::unexpected(database.error());
  auto record = read_sound_level(*database, 0);
  if (!record) return std::unexpected(record.error());
  StoredRun run;
  run.record = std::move(*record);
  auto done = read_levels(*database, run);
  if (done) done = read_end(*database, run);
  if (!done) return std::unexpected(done.error());
  if (run.finished) return run;
  complete(run.record);
  for (auto& level : run.record.level_records)
    if (level.phases.empty()) complete(level);
  return run;
}

}  // namespace gauntlet::record
