#include "record/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace gauntlet::record {
namespace {

using testing::HasSubstr;
using testing::Not;

run::Plan plan() {
  run::Plan plan;
  plan.suite = "base\"line\\\n";
  plan.load.connections = 12;
  plan.phases = {{"steady", 10 * core::kSecond, true}};
  plan.faults.resize(2);
  plan.faults[0].id = "cut";
  plan.faults[1].id = "other";
  return plan;
}

run::Snapshot snapshot() {
  run::Snapshot snapshot;
  snapshot.end = 2 * core::kSecond;
  snapshot.counts.scheduled = 200;
  snapshot.counts.completed = 190;
  snapshot.counts.errors[0] = 10;
  snapshot.traffic.bytes_sent = 5000;
  snapshot.latencies.response.record_us(40, 50);
  snapshot.latencies.response.record_us(2000, 139);
  snapshot.latencies.response.record_us(11'000'000);
  snapshot.latencies.send_lag.record_us(100, 200);
  snapshot.connections_ready = 10;
  return snapshot;
}

std::string text(std::string_view prefix = kMetricsPrefix) {
  const auto the_plan = plan();
  Recorder recorder(the_plan, 1);
  recorder.add(0, snapshot());
  return prometheus_text(
      {.plan = the_plan, .recorder = recorder, .target_memory_mb = 64, .active_faults = {"cut"}},
      prefix);
}

std::string empty_text() {
  const auto the_plan = plan();
  const Recorder recorder(the_plan, 1);
  return prometheus_text({.plan = the_plan, .recorder = recorder});
}

// What promtool says of a text; empty where it is content.
std::string promtool(const std::string& metrics) {
  const std::string path = testing::TempDir() + "gauntlet_metrics_" + std::to_string(getpid());
  const std::string said = path + ".said";
  std::ofstream(path) << metrics;
  const int status =
      std::system(("promtool check metrics < " + path + " > " + said + " 2>&1").c_str());
  std::stringstream out;
  out << std::ifstream(said).rdbuf();
  if (status != 0) out << " (status " << status << ")";
  return out.str();
}

TEST(Prometheus, TextIsCleanUnderPromtool) {
  EXPECT_EQ(promtool(text()), "");
  EXPECT_EQ(promtool(empty_text()), "");
  EXPECT_NE(promtool("# TYPE a_total gauge\na_total 1\n"), "") << "promtool finds mistakes";
}

TEST(Prometheus, GaugesSpeakOfTheLastSecond) {
  const auto metrics = text();
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_throughput_messages_per_second 95\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_offered_messages_per_second 100\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_error_ratio 0.05\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_connections{state=\"ready\"} 10\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_connections{state=\"not_ready\"} 2\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_target_memory_bytes 67108864\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_fault_active{fault=\"cut\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_fault_active{fault=\"other\"} 0\n"));
}

TEST(Prometheus, CountersAndHistogramAreTotals) {
  const auto metrics = text();
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_messages_total{outcome=\"completed\"} 190\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_messages_total{outcome=\"timeout\"} 10\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_sent_bytes_total 5000\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_response_time_seconds_bucket{le=\"5e-05\"} 50\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_response_time_seconds_bucket{le=\"0.001\"} 50\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_response_time_seconds_bucket{le=\"0.0025\"} 189\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_response_time_seconds_bucket{le=\"10\"} 189\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_response_time_seconds_bucket{le=\"+Inf\"} 190\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_response_time_seconds_count 190\n"));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_send_lag_seconds{quantile=\"0.99\"} 0.0001\n"));
}

TEST(Prometheus, LabelsAreEscaped) {
  EXPECT_THAT(text(), HasSubstr(R"(suite="base\"line\\\n",mode="demo",phase="steady")"));
}

TEST(Prometheus, PrefixReplacesOurName) {
  const auto metrics = text("erlmcp");
  EXPECT_THAT(metrics, HasSubstr("\nerlmcp_throughput_messages_per_second 95\n"));
  EXPECT_THAT(metrics, Not(HasSubstr("gauntlet_")));
}

TEST(Prometheus, WithoutDataThereIsNoMemoryAndNoQuantile) {
  const auto metrics = empty_text();
  EXPECT_THAT(metrics, Not(HasSubstr("target_memory_bytes")));
  EXPECT_THAT(metrics, HasSubstr("\ngauntlet_send_lag_seconds{quantile=\"0.99\"} NaN\n"));
  EXPECT_THAT(metrics, HasSubstr("phase=\"connecting\""));
}

TEST(MetricsPrefix, IsAName) {
  EXPECT_TRUE(valid_metrics_prefix("erlmcp"));
  EXPECT_TRUE(valid_metrics_prefix("_a9"));
  for (const char* bad : {"", "9a", "a-b", "a b", "ä"}) EXPECT_FALSE(valid_metrics_prefix(bad));
}

}  // namespace
}  // namespace gauntlet::record
