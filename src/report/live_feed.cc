#include "report/live_feed.h"

#include "report/json_values.h"
#include "report/page.h"
#include "report/page_shapes.h"
#include "report/summary_facts.h"
#include "run/limit.h"
#include "run/measured.h"

namespace gauntlet::report {
namespace {

namespace json = boost::json;

run::CheckResult pending_check(const run::Limit& limit) {
  run::CheckResult check;
  check.metric = limit.metric;
  check.limit = run::format_limit(limit);
  return check;
}

run::Verdict pending(const run::Plan& plan) {
  run::Verdict verdict;
  for (const auto& test : plan.tests) {
    auto& result = verdict.tests.emplace_back();
    result.name = plan.suite + "." + test.name;
    result.evidence = test.purpose;
    for (const auto& limit : test.limits) result.checks.push_back(pending_check(limit));
  }
  return verdict;
}

std::vector<run::FaultRecord> planned_faults(const run::Plan& plan) {
  std::vector<run::FaultRecord> faults;
  for (const auto& fault : plan.faults) {
    std::uint32_t occurrence = 0;
    for (const core::Nanos start : run::fault_starts(plan, fault))
      faults.push_back({.id = fault.id,
                        .kind = fault.kind,
                        .occurrence = occurrence++,
                        .start_s = core::to_seconds(start),
                        .end_s = core::to_seconds(start + fault.length)});
  }
  return faults;
}

void mark_as_pending(json::object& facts) {
  for (auto& test : facts["tests"].as_array()) {
    test.as_object()["verdict"] = "PENDING";
    for (auto& check : test.as_object()["checks"].as_array())
      check.as_object()["verdict"] = "PENDING";
  }
}

// The last row of a table: its columns' values by name; null for a table without rows.
json::value row_json(const PageTable& table) {
  if (table.t.empty()) return nullptr;
  json::object row;
  for (const auto& column : table.columns) row[column.name] = rounded(column.values.back());
  return row;
}

template <typename Sample>
std::span<const Sample> last(std::span<const Sample> all, std::size_t n) {
  return all.last(std::min(n, all.size()));
}

}  // namespace

LiveFeed::LiveFeed(run::Record about, std::string level)
    : about_(std::move(about)), level_(std::move(level)), pending_(pending(about_.plan)) {
  about_.phases.resize(about_.plan.phases.size());
  about_.phase_start_s.clear();
  for (std::size_t i = 0; i < about_.plan.phases.size(); ++i)
    about_.phase_start_s.push_back(core::to_seconds(run::phase_start(about_.plan, i)));
  about_.faults = planned_faults(about_.plan);
}

void LiveFeed::add(const run::TimedHistograms& latest) {
  auto& service = unpacked_.service;
  if (service.size() >= kServiceTimesMax)
    service.erase(service.begin(), service.begin() + kServiceTimesMax / 2);
  unpacked_.add(latest);
}

// What was achieved is what the last second brought.
json::object LiveFeed::figures(const LiveState& state) {
  auto& totals = about_.phases.at(about_.measured_phase());
  totals.counts = state.counts;
  totals.latencies.response = state.response;
  totals.latencies.service = state.service;
  json::object figures = measured_facts(about_);
  if (state.seconds.empty() || state.seconds.back().length <= 0) return figures;
  const auto& latest = state.seconds.back();
  auto& load = figures["load"].as_object();
  load["achieved_per_s"] = rounded(static_cast<double>(latest.counts.completed) / latest.length);
  load["offered_per_s"] = rounded(static_cast<double>(latest.counts.scheduled) / latest.length);
  return figures;
}

std::string LiveFeed::history(const LiveState& state) {
  json::object now = figures(state);
  json::object facts = page_facts(about_, pending_);
  mark_as_pending(facts);
  for (auto& [name, value] : now) facts[name] = std::move(value);
  json::object part = {
      {"name", ""},
      {"facts", nullptr},
      {"seconds", table_json(seconds_table(state.seconds, unpacked_.service))},
      {"memory", table_json(memory_table(state.memory))},
      {"cores", table_json(cores_table(state.cores))},
      {"heat", heat_json(unpacked_.response)},
      {"curve", percentiles_json(run::measured_totals(about_).latencies, about_.plan.load.burst)},
      {"strip", nullptr}};
  const double t = state.seconds.empty() ? 0 : state.seconds.back().t;
  return json::serialize(
      json::object{{"schema", kPageSchema},
                   {"live", json::object{{"t", t}, {"level", text_or_null(level_)}}},
                   {"facts", std::move(facts)},
                   {"parts", json::array{std::move(part)}},
                   {"scaling", json::array()}});
}

std::string LiveFeed::second(const LiveState& state) {
  const auto latest = last(state.seconds, 1);
  const auto& columns = unpacked_.response.columns();
  const std::span<const ServiceTimes> service(unpacked_.service);
  json::object event = {{"t", latest.empty() ? 0 : latest.front().t},
                        {"seconds", row_json(seconds_table(latest, last(service, 1)))},
                        {"memory", row_json(memory_table(last(state.memory, 2)))},
                        {"cores", row_json(cores_table(last(state.cores, 2)))},
                        {"heat", nullptr},
                        {"facts", figures(state)}};
  if (!columns.empty()) event["heat"] = heat_column_json(columns.back());
  return json::serialize(event);
}

}  // namespace gauntlet::report
