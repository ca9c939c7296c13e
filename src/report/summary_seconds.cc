#include "report/summary_seconds.h"

#include <cstddef>
#include <functional>

namespace gauntlet::report {

namespace {

namespace json = boost::json;

// Values in a column, one for each element.
template <typename Container, typename Member>
json::array column(const Container& all, Member member) {
  json::array values;
  values.reserve(all.size());
  for (const auto& each : all) values.push_back(json::value_from(std::invoke(member, each)));
  return values;
}

}  // namespace

json::object seconds_json(const std::vector<run::Second>& all) {
  using run::Second;
  return {
      {"t", column(all, &Second::t)},
      {"length", column(all, &Second::length)},
      {"phase", column(all, &Second::phase)},
      {"scheduled", column(all, [](const Second& s) { return s.counts.scheduled; })},
      {"completed", column(all, [](const Second& s) { return s.counts.completed; })},
      {"errors", column(all, [](const Second& s) { return run::sum(s.counts.errors); })},
      {"response_p50_ms", column(all, &Second::response_p50_ms)},
      {"response_p95_ms", column(all, &Second::response_p95_ms)},
      {"response_p99_ms", column(all, &Second::response_p99_ms)},
      {"response_max_ms", column(all, &Second::response_max_ms)},
      {"service_p99_ms", column(all, &Second::service_p99_ms)},
      {"send_lag_p99_ms", column(all, &Second::send_lag_p99_ms)},
      {"connections_ready", column(all, &Second::connections_ready)},
      {"outstanding", column(all, &Second::outstanding)},
      {"victims_waiting", column(all, &Second::victims_waiting)},
      {"retries", column(all, [](const Second& s) { return s.counts.retries; })},
      {"heartbeats_missed",
       column(all, [](const Second& s) { return s.counts.heartbeats_missed; })},
      {"indeterminate",
       column(all,
              [](const Second& s) {
                return s.counts.errors[static_cast<std::size_t>(run::ErrorClass::indeterminate)];
              })},
      {"pause_s", column(all, &Second::pause_s)},
      {"generator_cpu", column(all, &Second::generator_cpu)}};
}

}  // namespace gauntlet::report
