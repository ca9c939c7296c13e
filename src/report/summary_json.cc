#include "report/summary_json.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

#include "core/version.h"
#include "report/json_values.h"
#include "report/summary_facts.h"
#include "report/summary_faults.h"
#include "report/summary_seconds.h"
#include "run/capacity_text.h"
#include "run/measured.h"
#include "run/operations.h"
#include "run/slices.h"
#include "stats/capacity_search.h"

namespace gauntlet::report {

namespace {

namespace json = boost::json;

json::array texts(const std::vector<std::string>& all) {
  json::array values;
  for (const auto& each : all) values.push_back(text(each));
  return values;
}

json::array gaps_json(const run::Record& record) {
  json::array gaps;
  for (const auto& gap : record.gaps) {
    const auto& phases = record.plan.phases;
    gaps.push_back(json::object{
        {"start_s", number(gap.start_s)},
        {"end_s", number(gap.end_s)},
        {"phase", gap.phase < phases.size() ? text(phases[gap.phase].name) : json::value(nullptr)},
        {"undecided", gap.undecided},
        {"how", text(gap.how)}});
  }
  return gaps;
}

json::object run_json(const run::Record& record) {
  const auto& run = record.run;
  return {{"id", text(run.id)},
          {"suite", text(record.plan.suite)},
          {"variant", text_or_null(run::variant(record))},
          {"mode", text(run::to_string(record.plan.mode))},
          {"seed", fmt::format("{}", record.plan.seed)},
          {"argv", texts(run.argv)},
          {"repro", text(run.repro)},
          {"started_at", text(run.started_at)},
          {"duration_s", number(run.duration_s)},
          {"interrupted", record.interrupted},
          {"died", record.died},
          {"gaps", gaps_json(record)}};
}

json::object host_json(const run::Host& host) {
  return {{"cpu_model", text(host.cpu_model)},
          {"cores", host.cores},
          {"kernel", text(host.kernel)},
          {"memory_bytes", host.memory_bytes},
          {"loop_backend", text(host.loop_backend)}};
}

json::object target_json(const run::Record& record) {
  const auto& target = record.target;
  return {{"url", text(target.url)},
          {"protocol", text(target.protocol)},
          {"transport", text(target.transport)},
          {"server_info", json::object{{"name", text(target.server_name)},
                                       {"version", text(target.server_version)}}},
          {"pid", target.pid != 0 ? json::value(target.pid) : json::value(nullptr)},
          {"own_server", target.own_server},
          {"answers", text_or_null(target.answers)},
          {"exited", record.target_exited},
          {"exit", text_or_null(record.target_exit)}};
}

// Of a number whose 0 means that there is none.
json::value number_or_null(double value) {
  return value == 0 ? json::value(nullptr) : number(value);
}

json::object load_json(const run::Record& record) {
  const auto& load = record.plan.load;
  const auto& counts = run::measured_totals(record).counts;
  return {{"model", text(run::to_string(load.arrivals))},
          {"connections", load.connections},
          {"burst", load.burst},
          {"pipeline", load.pipeline},
          {"offered_per_s", number(run::offered_per_s(record))},
          {"achieved_per_s", number(run::measure(record).achieved_per_s)},
          {"connections_peak", record.connections_peak},
          {"scheduled", counts.scheduled},
          {"completed", counts.completed},
          {"notifications", counts.notifications},
          {"messages_per_write", number_or_null(run::messages_per_write(record))},
          {"nonce_verified", record.nonce_verified},
          {"unmatched_answers", record.unmatched_answers}};
}

// The longest outage of each client that had one; nearest rank.
json::object outages_json(const std::vector<run::ClientOutcome>& clients) {
  std::vector<double> ms;
  for (const auto& client : clients)
    if (client.longest_outage_s > 0) ms.push_back(client.longest_outage_s * 1e3);
  std::ranges::sort(ms);
  const auto quantile = [&](double q) {
    if (ms.empty()) return json::value(nullptr);
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(ms.size())));
    return number(ms[std::max<std::size_t>(rank, 1) - 1]);
  };
  return {
      {"count", ms.size()}, {"p50", quantile(0.5)}, {"p99", quantile(0.99)}, {"max", quantile(1)}};
}

json::object clients_json(const std::vector<run::ClientOutcome>& clients) {
  const auto total = [&](auto member) {
    std::uint64_t sum = 0;
    for (const auto& client : clients) sum += client.*member;
    return sum;
  };
  using run::ClientOutcome;
  return {{"connects", total(&ClientOutcome::connects)},
          {"drops", total(&ClientOutcome::drops)},
          {"sessions_opened", total(&ClientOutcome::sessions_opened)},
          {"sessions_kept", total(&ClientOutcome::sessions_kept)},
          {"sessions_lost", total(&ClientOutcome::sessions_lost)},
          {"longest_outage_ms", outages_json(clients)}};
}

json::object errors_json(const run::ErrorCounts& errors) {
  json::object object;
  for (std::size_t i = 0; i < errors.size(); ++i) object[run::kErrorClassNames[i]] = errors[i];
  return object;
}

json::object times_json(const stats::Histogram& h) {
  const auto ms = [&](double us) { return h.empty() ? json::value(nullptr) : number(us / 1e3); };
  const auto quantile = [&](double q) { return ms(static_cast<double>(h.quantile_us(q))); };
  return {{"count", h.count()},
          {"p50", quantile(0.5)},
          {"p90", quantile(0.9)},
          {"p95", quantile(0.95)},
          {"p99", quantile(0.99)},
          {"p999", quantile(0.999)},
          {"max", ms(static_cast<double>(h.max_us()))},
          {"mean", ms(h.mean_us())}};
}

json::object memory_json(const run::Record& record) {
  const auto& samples = record.memory;
  if (samples.empty()) {
    return {{"start", nullptr},
            {"peak", nullptr},
            {"end", nullptr},
            {"samples", 0},
            {"proportional_peak", nullptr},
            {"reason", text_or_null(record.memory_reason)}};
  }
  const auto peak = std::ranges::max_element(samples, {}, &run::MemorySample::resident_mb);
  return {{"start", number(samples.front().resident_mb)},
          {"peak", number(peak->resident_mb)},
          {"end", number(samples.back().resident_mb)},
          {"samples", samples.size()},
          {"proportional_peak", number(run::proportional_peak_mb(record).value_or(NAN))},
          {"reason", nullptr}};
}

json::array threads_json(const std::vector<run::OwnThread>& all) {
  json::array threads;
  for (const auto& thread : all)
    threads.push_back(
        json::object{{"name", text(thread.name)},
                     {"cpu", number(thread.cpu)},
                     {"run_queue_delay_share", number(thread.run_queue_delay_share)}});
  return threads;
}

json::object comparison_json(const run::ProbeComparison& seen) {
  const auto side = [](double value, double low, const std::optional<double>& high) {
    return json::object{
        {"value", number(value)}, {"low", number(low)}, {"high", number(high.value_or(NAN))}};
  };
  return {{"load", side(seen.load_ms, seen.load_low_ms, seen.load_high_ms)},
          {"probe", side(seen.probe_ms, seen.probe_low_ms, seen.probe_high_ms)},
          {"allowed_apart", number(seen.allowed_ms)},
          {"agrees", seen.agrees ? json::value(*seen.agrees) : json::value(nullptr)}};
}

json::object probe_json(const run::Record& record) {
  const auto& probe = record.probe;
  json::object compared;
  for (const auto& seen : record.self_check.probe) compared[seen.quantile] = comparison_json(seen);
  return {{"connections", probe.connections},
          {"planned_per_s", number(probe.rate_per_s)},
          {"scheduled", probe.totals.counts.scheduled},
          {"completed", probe.totals.counts.completed},
          {"errors", run::sum(probe.totals.counts.errors)},
          {"send_lag_ms_p99", number(probe.totals.latencies.send_lag.quantile_ms(0.99))},
          {"service_time_ms", std::move(compared)},
          {"unjudged", text_or_null(record.self_check.probe_unjudged)}};
}

json::object self_check_json(const run::Record& record) {
  const auto& check = record.self_check;
  return {{"trusted", check.trusted},
          {"reasons", texts(check.reasons)},
          {"send_lag_ms", json::object{{"p50", number(check.send_lag_ms_p50)},
                                       {"p95", number(check.send_lag_ms_p95)},
                                       {"p99", number(check.send_lag_ms_p99)},
                                       {"max", number(check.send_lag_ms_max)}}},
          {"offered_per_s", number(check.offered_per_s)},
          {"dispatched_per_s", number(check.dispatched_per_s)},
          {"cpu_busiest_thread", number(check.cpu_busiest_thread)},
          {"run_queue_delay_share", number(check.run_queue_delay_share)},
          {"steal_share", number(check.steal_share)},
          {"target_wait_share", number(check.target_wait_share.value_or(NAN))},
          {"others_cpu_share", number(check.others_cpu_share.value_or(NAN))},
          {"machine_busy", text_or_null(check.machine_busy)},
          {"achieved_per_s", number(check.achieved_per_s)},
          {"achieved_share", check.offered_per_s > 0
                                 ? number(check.achieved_per_s / check.offered_per_s)
                                 : json::value(nullptr)},
          {"floor_share", number(check.floor_share.value_or(NAN))},
          {"threads", threads_json(check.threads)},
          {"probe", probe_json(record)}};
}

json::object check_json(const run::CheckResult& check) {
  return {{"metric", text(check.metric)},
          {"verdict", text(run::to_string(check.outcome))},
          {"observed", text(check.observed)},
          {"limit", text(check.limit)},
          {"reason", text_or_null(check.reason)}};
}

json::array tests_json(const run::Verdict& verdict) {
  json::array tests;
  for (const auto& test : verdict.tests) {
    json::array checks;
    for (const auto& check : test.checks) checks.push_back(check_json(check));
    tests.push_back(json::object{{"name", text(test.name)},
                                 {"verdict", text(run::to_string(test.outcome))},
                                 {"observed", text(test.observed)},
                                 {"limit", text(test.limit)},
                                 {"evidence", text(test.evidence)},
                                 {"reason", text_or_null(test.reason)},
                                 {"checks", std::move(checks)}});
  }
  return tests;
}

json::array phases_json(const run::Record& record) {
  json::array phases;
  for (std::size_t i = 0; i < record.phases.size() && i < record.plan.phases.size(); ++i) {
    const auto& plan = record.plan.phases[i];
    const auto& totals = record.phases[i];
    const bool begun = i < record.phase_start_s.size();
    phases.push_back(
        json::object{{"name", text(plan.name)},
                     {"measured", plan.measured},
                     {"start_s", begun ? number(record.phase_start_s[i]) : json::value(nullptr)},
                     {"duration_s", number(core::to_seconds(plan.duration))},
                     {"scheduled", totals.counts.scheduled},
                     {"completed", totals.counts.completed},
                     {"errors", errors_json(totals.counts.errors)},
                     {"response_time_ms", times_json(totals.latencies.response)}});
  }
  return phases;
}

json::array slices_json(const run::Record& record) {
  json::array slices;
  if (!run::is_soak(record.plan)) return slices;
  const auto count = [](const std::optional<std::uint64_t>& value) {
    return value ? json::value(*value) : json::value(nullptr);
  };
  for (const auto& slice : run::slices_of(record))
    slices.push_back(json::object{{"start_s", number(slice.start_s)},
                                  {"end_s", number(slice.end_s)},
                                  {"gap_s", number(slice.gap_s)},
                                  {"scheduled", slice.counts.scheduled},
                                  {"completed", slice.counts.completed},
                                  {"errors", errors_json(slice.counts.errors)},
                                  {"response_time_ms", times_json(slice.response)},
                                  {"pause_max_ms", number(slice.pause_max_s * 1e3)},
                                  {"target_memory_mb", number(slice.memory_mb.value_or(NAN))},
                                  {"target_descriptors", count(slice.descriptors)},
                                  {"target_threads", count(slice.threads)}});
  return slices;
}

json::array operations_json(const run::Record& record) {
  json::array operations;
  for (const auto& operation : run::operations_of(record))
    operations.push_back(json::object{{"name", text(operation.name)},
                                      {"scheduled", operation.counts.scheduled},
                                      {"completed", operation.counts.completed},
                                      {"errors", operation.counts.errors},
                                      {"response_time_ms", times_json(operation.response)}});
  return operations;
}

json::object level_json(const run::LevelResult& result) {
  const auto& level = result.level;
  const auto errors = static_cast<double>(result.errors);
  const auto scheduled = static_cast<double>(result.scheduled);
  return {{"name", text(level.name)},
          {"model", level.rate == 0 ? "closed" : "open"},
          {"judged", result.judged},
          {"connections", level.connections},
          {"burst", level.burst},
          {"opened_s", number(result.opened_s)},
          {"offered_per_s", number(result.offered_per_s)},
          {"achieved_per_s", number(result.achieved_per_s)},
          {"messages_per_write", number_or_null(result.messages_per_write)},
          {"response_time_ms", json::object{{"p50", number(result.response_p50_ms)},
                                            {"p95", number(result.response_p95_ms)},
                                            {"p99", number(result.response_p99_ms)},
                                            {"max", number(result.response_max_ms)}}},
          {"scheduled", result.scheduled},
          {"errors", result.errors},
          {"error_rate", scheduled > 0 ? number(errors / scheduled) : json::value(nullptr)},
          {"target_memory_mb", number(result.memory_peak_mb.value_or(NAN))},
          {"target_proportional_mb", number(result.proportional_peak_mb.value_or(NAN))},
          {"target_cpu", number(result.target_cpu.value_or(NAN))},
          {"generator_cpu", number(result.generator_cpu)},
          {"floor_per_s", number(result.floor_per_s.value_or(NAN))},
          {"floor_share", result.floor_per_s ? number(result.achieved_per_s / *result.floor_per_s)
                                             : json::value(nullptr)},
          {"trusted", result.trusted}};
}

json::object lab_json(const run::LabRecord& lab) {
  return {{"used", lab.used}, {"reason", text_or_null(lab.reason)}, {"tcp", text_or_null(lab.tcp)}};
}

// What a level's own record says of it, beside the figures of its measured phase.
void add_course(const run::Record& record, json::object& level) {
  level["lab"] = lab_json(record.lab);
  level["phases"] = phases_json(record);
  level["faults"] = faults_json(record.faults);
  level["integrity"] = integrity_json(record);
  level["attempts"] = attempts_json(record);
}

json::array levels_json(const run::Record& record) {
  json::array levels;
  for (std::size_t i = 0; i < record.levels.size(); ++i) {
    json::object level = level_json(record.levels[i]);
    if (i < record.level_records.size()) add_course(record.level_records[i], level);
    levels.push_back(std::move(level));
  }
  return levels;
}

// The same levels by their pattern: figures of single calls and of bursts say nothing about each
// other.
json::array patterns_json(const std::vector<run::LevelResult>& all) {
  json::array patterns;
  for (const std::uint32_t burst : run::bursts_of(all)) {
    json::array names;
    for (const auto& result : all)
      if (result.level.burst == burst) names.push_back(text(result.level.name));
    patterns.push_back(json::object{
        {"pattern", run::pattern_name(burst)}, {"burst", burst}, {"levels", std::move(names)}});
  }
  return patterns;
}

json::object estimate_json(const stats::Estimate& estimate) {
  return {{"value", number(estimate.value)},
          {"low", number(estimate.low)},
          {"high", number(estimate.high)}};
}

json::value scaling_json(const run::Record& record) {
  if (run::are_scenarios(record)) return nullptr;
  const auto fit = run::scaling_of(record.levels);
  if (!fit) return nullptr;
  return json::object{{"lambda", estimate_json(fit->lambda)},
                      {"sigma", estimate_json(fit->sigma)},
                      {"kappa", estimate_json(fit->kappa)},
                      {"relative_error", number(fit->error)},
                      {"connections_max", number(fit->n_max)},
                      {"peak_connections", number(fit->peak().value_or(NAN))}};
}

json::object gave_way_json(const run::GaveWay& gave_way) {
  return {{"who", text(run::to_string(gave_way.who))},
          {"metrics", texts(gave_way.metrics)},
          {"reason", text_or_null(gave_way.reason)}};
}

json::object step_json(const run::CapacityStep& step) {
  return {{"load", number(step.load)},
          {"kept", step.kept()},
          {"gave_way", gave_way_json(step.gave_way)},
          {"result", level_json(step.result)}};
}

json::value capacity_json(const run::Capacity& capacity) {
  json::array steps;
  for (const auto& step : capacity.steps) steps.push_back(step_json(step));
  json::value at = nullptr;
  if (capacity.gave_way.who != run::GaveWay::Who::nobody) at = number(capacity.gave_way_at);
  json::object gave_way = gave_way_json(capacity.gave_way);
  gave_way["at"] = std::move(at);
  return json::object{
      {"of", capacity.of_connections ? "connections" : "rate"},
      {"from", number(capacity.from)},
      {"to", number(capacity.to)},
      {"per_connection_per_s", number_or_null(capacity.per_connection_per_s)},
      {"estimate", capacity.found ? estimate_json(*capacity.found) : json::value(nullptr)},
      {"confidence", stats::CapacitySearch::kConfidence},
      {"probability_below_from", number(capacity.below_from)},
      {"probability_above_to", number(capacity.above_to)},
      {"narrow", capacity.narrow},
      {"text", text(run::found_text(capacity))},
      {"gave_way", std::move(gave_way)},
      {"steps", std::move(steps)},
      {"hold", capacity.hold ? step_json(*capacity.hold) : json::value(nullptr)},
      {"hold_share", number(capacity.hold_share)},
      {"lost", text_or_null(capacity.lost)},
      {"notes", texts(capacity.notes)}};
}

json::value floor_json(const run::Record& record) {
  if (!record.floor) return nullptr;
  const auto& floor = *record.floor;
  return json::object{
      {"messages_per_s", number(floor.messages_per_s)},
      {"message_bytes", floor.message_bytes},
      {"burst_ms",
       json::object{{"p50", number(floor.burst_p50_ms)}, {"p99", number(floor.burst_p99_ms)}}},
      {"share", number(run::measure(record).achieved_per_s / floor.messages_per_s)}};
}

json::object hdr_json(const run::Latencies& latencies) {
  return {{"response", latencies.response.encode_v2_compressed_base64()},
          {"service", latencies.service.encode_v2_compressed_base64()},
          {"send_lag", latencies.send_lag.encode_v2_compressed_base64()}};
}

}  // namespace

json::object measured_facts(const run::Record& record) {
  const auto& measured = run::measured_totals(record);
  return {{"load", load_json(record)},
          {"errors", errors_json(measured.counts.errors)},
          {"response_time_ms", times_json(measured.latencies.response)},
          {"service_time_ms", times_json(measured.latencies.service)}};
}

json::object summary_facts(const run::Record& record, const run::Verdict& verdict) {
  const auto& measured = run::measured_totals(record);
  return {{"schema", kSummarySchema},
          {"tool", json::object{{"name", "gauntlet"}, {"version", core::kVersion}}},
          {"run", run_json(record)},
          {"host", host_json(record.host)},
          {"target", target_json(record)},
          {"load", load_json(record)},
          {"clients", clients_json(record.clients)},
          {"errors", errors_json(measured.counts.errors)},
          {"integrity", integrity_json(record)},
          {"attempts", attempts_json(record)},
          {"response_time_ms", times_json(measured.latencies.response)},
          {"service_time_ms", times_json(measured.latencies.service)},
          {"target_memory_mb", memory_json(record)},
          {"self_check", self_check_json(record)},
          {"floor", floor_json(record)},
          {"tests", tests_json(verdict)},
          {"phases", phases_json(record)},
          {"faults", faults_json(record.faults)},
          {"lab", lab_json(record.lab)},
          {"levels", levels_json(record)},
          {"patterns", patterns_json(record.levels)},
          {"scaling", scaling_json(record)},
          {"capacity", record.capacity ? capacity_json(*record.capacity) : json::value(nullptr)},
          {"operations", operations_json(record)},
          {"slices", slices_json(record)},
          {"verdict", run::to_string(verdict.outcome)}};
}

std::string summary_json(const run::Record& record, const run::Verdict& verdict, int exit_code) {
  json::object document = summary_facts(record, verdict);
  document["seconds"] = seconds_json(record.seconds);
  document["hdr"] = hdr_json(run::measured_totals(record).latencies);
  document["exit_code"] = exit_code;
  return json::serialize(document) + "\n";
}

}  // namespace gauntlet::report
