#include "report/summary_faults.h"

#include <optional>
#include <string_view>

#include "report/json_values.h"

namespace gauntlet::report {

namespace {

namespace json = boost::json;

json::value shift_json(const std::optional<stats::Shift>& shift) {
  if (!shift) return nullptr;
  return json::object{
      {"value", number(shift->value)}, {"low", number(shift->low)}, {"high", number(shift->high)}};
}

json::value baseline_goodput(const stats::Recovery& recovery) {
  if (recovery.status == stats::RecoveryStatus::no_baseline) return nullptr;
  return number(recovery.baseline.goodput_per_s);
}

json::value recovery_json(const stats::Recovery& recovery) {
  const auto since_start = [](const std::optional<stats::RecoveryTime>& time) {
    return time ? number(time->since_start_s) : json::value(nullptr);
  };
  const auto since_end = [](const std::optional<stats::RecoveryTime>& time) {
    return time ? number(time->since_end_s) : json::value(nullptr);
  };
  return json::object{{"status", text(run::to_string(recovery.status))},
                      {"metastable", recovery.metastable},
                      {"since_start_s", since_start(recovery.recovered)},
                      {"since_start_s_earliest", since_start(recovery.recovered_earliest)},
                      {"since_end_s", since_end(recovery.recovered)},
                      {"since_end_s_earliest", since_end(recovery.recovered_earliest)},
                      {"censored_s", since_start(recovery.censored)},
                      {"relapses", recovery.relapses},
                      {"baseline_goodput_per_s", baseline_goodput(recovery)}};
}

json::value impact_json(const stats::Impact& impact) {
  return json::object{{"windows", impact.windows},
                      {"messages_missing", number(impact.lost)},
                      {"throughput_lost", number(impact.lost_share)},
                      {"depth", number(impact.worst_share)},
                      {"depth_at_s", number(impact.worst_t)},
                      {"error_rate", number(impact.error_rate)},
                      {"peak_error_rate", number(impact.peak_error_rate)},
                      {"attempts_per_message", number(impact.attempts_per_message)}};
}

json::value reconnects_json(const run::FaultRecord& fault, const run::ReconnectTimes& times) {
  json::array listed;
  for (const auto& victim : fault.clients) {
    if (listed.size() == kVictimsListedMax) break;
    listed.push_back(
        json::object{{"client", victim.client}, {"back_after_s", number(victim.back_after_s)}});
  }
  return json::object{{"victims", times.victims},     {"back", times.back},
                      {"p50_s", number(times.p50_s)}, {"p95_s", number(times.p95_s)},
                      {"p99_s", number(times.p99_s)}, {"max_s", number(times.max_s)},
                      {"clients", std::move(listed)}};
}

json::value untargeted_json(const std::optional<run::Untargeted>& others) {
  if (!others) return nullptr;
  return json::object{{"clients", others->clients},
                      {"completed_per_s", number(others->completed_per_s)},
                      {"baseline_per_s", number(others->baseline_per_s)}};
}

json::value analysis_json(const run::FaultRecord& fault) {
  if (!fault.analysis) return nullptr;
  const auto& analysis = *fault.analysis;
  return json::object{{"end_s", number(analysis.end_s)},
                      {"looked_until_s", number(analysis.looked_s)},
                      {"baseline_windows", analysis.baseline_windows},
                      {"detected_s", number(analysis.detected_s)},
                      {"detected_by", text_or_null(analysis.detected_by)},
                      {"recovery", recovery_json(analysis.recovery)},
                      {"impact", impact_json(analysis.impact)},
                      {"residual_p50", shift_json(analysis.residual_p50)},
                      {"residual_goodput", shift_json(analysis.residual_goodput)},
                      {"reconnects", reconnects_json(fault, analysis.reconnects)},
                      {"untargeted", untargeted_json(fault.untargeted)}};
}

run::Counts totals(const run::Record& record) {
  run::Counts all;
  for (const auto& phase : record.phases) all.add(phase.counts);
  return all;
}

}  // namespace

json::array faults_json(const std::vector<run::FaultRecord>& all) {
  json::array faults;
  for (const auto& fault : all) {
    json::object evidence;
    for (const auto& [name, value] : fault.evidence) evidence[valid_utf8(name)] = text(value);
    faults.push_back(json::object{{"id", text(fault.id)},
                                  {"kind", text(fault.kind)},
                                  {"occurrence", fault.occurrence},
                                  {"skipped", text_or_null(fault.skipped)},
                                  {"start_s", number(fault.start_s)},
                                  {"end_s", number(fault.end_s)},
                                  {"victims", fault.victims},
                                  {"reconnected", fault.reconnected},
                                  {"last_reconnect_s", number(fault.last_reconnect_s)},
                                  {"has_evidence", fault.has_evidence},
                                  {"evidence", std::move(evidence)},
                                  {"analysis", analysis_json(fault)}});
  }
  return faults;
}

json::object integrity_json(const run::Record& record) {
  const auto counts = totals(record);
  json::object object;
  for (std::size_t i = 0; i < run::kBreachCount; ++i)
    object[run::kBreachNames[i]] = counts.breaches[i];
  object["indeterminate"] = counts.errors[static_cast<std::size_t>(run::ErrorClass::indeterminate)];
  return object;
}

json::object attempts_json(const run::Record& record) {
  const auto counts = totals(record);
  run::Counts seconds;
  for (const auto& second : record.seconds) seconds.add(second.counts);
  const auto messages = static_cast<double>(counts.scheduled);
  const auto attempts = static_cast<double>(counts.scheduled + counts.retries);
  return {{"messages", counts.scheduled},
          {"attempts", counts.scheduled + counts.retries},
          {"retries", counts.retries},
          {"per_message", messages > 0 ? number(attempts / messages) : json::value(nullptr)},
          {"answers_resumed", seconds.resumed},
          {"heartbeats", seconds.heartbeats},
          {"heartbeats_missed", seconds.heartbeats_missed}};
}

}  // namespace gauntlet::report
