#include "report/page_series.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace gauntlet::report {
namespace {

using run::Second;

class SecondsTable {
 public:
  explicit SecondsTable(std::span<const Second> seconds) : seconds_(seconds) {
    for (const auto& second : seconds) table_.t.push_back(second.t);
  }

  template <typename Value>
  void add(std::string name, Value value) {
    PageColumn column{.name = std::move(name), .values = {}};
    for (const auto& second : seconds_)
      column.values.push_back(static_cast<double>(std::invoke(value, second)));
    table_.columns.push_back(std::move(column));
  }
  template <typename Count>
  void add_rate(std::string name, Count count) {
    add(std::move(name), [&](const Second& second) {
      return second.length > 0
                 ? static_cast<double>(std::invoke(count, second.counts)) / second.length
                 : NAN;
    });
  }
  void add_time(std::string name, double Second::* time) {
    add(std::move(name),
        [&](const Second& second) { return second.counts.completed > 0 ? second.*time : NAN; });
  }
  void add_column(std::string name, std::vector<double> values) {
    table_.columns.push_back({std::move(name), std::move(values)});
  }
  PageTable take() { return std::move(table_); }

 private:
  std::span<const Second> seconds_;
  PageTable table_;
};

void add_errors(SecondsTable& table, std::span<const Second> seconds) {
  for (std::size_t i = 0; i < run::kErrorClassCount; ++i) {
    const auto errors = [i](const run::Counts& counts) { return counts.errors[i]; };
    if (std::ranges::any_of(seconds, [&](const Second& s) { return errors(s.counts) > 0; }))
      table.add_rate("error_" + std::string(run::kErrorClassNames[i]), errors);
  }
}

// Both rise in time, and a second without histograms has none.
void add_service(SecondsTable& table, std::span<const Second> seconds,
                 std::span<const ServiceTimes> service) {
  if (service.empty()) return;
  std::vector<double> p50, p95;
  std::size_t next = 0;
  for (const auto& second : seconds) {
    while (next < service.size() && service[next].t < second.t) ++next;
    const bool found =
        next < service.size() && service[next].t == second.t && second.counts.completed > 0;
    p50.push_back(found ? service[next].p50_ms : NAN);
    p95.push_back(found ? service[next].p95_ms : NAN);
  }
  table.add_column("service_p50", std::move(p50));
  table.add_column("service_p95", std::move(p95));
}

}  // namespace

void Unpacked::add(const run::TimedHistograms& histograms) {
  const auto times = stats::Histogram::decode_v2_compressed(histograms.response);
  if (times) response.add(histograms.t - histograms.length, histograms.t, *times);
  const auto served = stats::Histogram::decode_v2_compressed(histograms.service);
  if (served)
    service.push_back({histograms.t, served->quantile_ms(0.5), served->quantile_ms(0.95)});
}

PageTable seconds_table(std::span<const Second> seconds, std::span<const ServiceTimes> service) {
  SecondsTable table(seconds);
  table.add_rate("scheduled", &run::Counts::scheduled);
  table.add_rate("completed", &run::Counts::completed);
  table.add_rate("retries", &run::Counts::retries);
  table.add_time("response_p50", &Second::response_p50_ms);
  table.add_time("response_p95", &Second::response_p95_ms);
  table.add_time("response_p99", &Second::response_p99_ms);
  table.add_time("response_max", &Second::response_max_ms);
  add_service(table, seconds, service);
  table.add_time("service_p99", &Second::service_p99_ms);
  table.add_time("send_lag_p99", &Second::send_lag_p99_ms);
  table.add("ready", &Second::connections_ready);
  table.add("outstanding", &Second::outstanding);
  table.add("victims_waiting", &Second::victims_waiting);
  table.add("pause", [](const Second& second) { return 1e3 * second.pause_s; });
  add_errors(table, seconds);
  return table.take();
}

PageTable memory_table(std::span<const run::MemorySample> samples) {
  PageTable table;
  table.columns = {{.name = "resident", .values = {}}, {.name = "proportional", .values = {}}};
  double proportional = NAN;  // it is read at every few samples, and stands until the next
  for (const auto& sample : samples) {
    proportional = sample.proportional_mb.value_or(proportional);
    table.t.push_back(sample.t);
    table.columns[0].values.push_back(sample.resident_mb);
    table.columns[1].values.push_back(proportional);
  }
  return table;
}

PageTable cores_table(std::span<const run::CoreSample> samples) {
  PageTable table;
  table.columns = {{.name = "target", .values = {}},
                   {.name = "generator", .values = {}},
                   {.name = "others", .values = {}}};
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const auto &before = samples[i - 1], &now = samples[i];
    const double length = now.t - before.t;
    if (length <= 0) continue;
    const double target = std::max(0.0, now.target_cpu_s - before.target_cpu_s) / length;
    const double generator = std::max(0.0, now.generator_cpu_s - before.generator_cpu_s) / length;
    const double idle = (now.idle_s - before.idle_s) / length;
    const double all = (now.capacity_s - before.capacity_s) / length;
    table.t.push_back(now.t);
    table.columns[0].values.push_back(target);
    table.columns[1].values.push_back(generator);
    table.columns[2].values.push_back(std::max(0.0, all - idle - target - generator));
  }
  return table;
}

}  // namespace gauntlet::report
