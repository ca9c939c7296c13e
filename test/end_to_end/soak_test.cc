// A soak in small: its rate is found first, and it is told slice by slice.
#include <csignal>

#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

constexpr std::string_view kSoak = R"(suite = "small_soak"
[load]
connections = 4
rate = "auto"
rate_max = "90/s"
capacity_share = 0.6
ramp = "100ms"
transport = "tcp"
[[mix]]
tool = "echo"
arguments = { message = "{{nonce}}" }
[[phase]]
name = "warmup"
duration = "1s"
[[phase]]
name = "steady"
duration = "10s"
measured = true
[[test]]
name = "soak"
limits = ["crashes <= 0", "error_rate < 1%"]
[[test]]
name = "hourly"
limits = ["error_rate_hourly < 1%", "p95_hourly <= 1m"]
[[test]]
name = "sessions"
limits = ["sessions_drift <= 1000"]
[[test]]
name = "heap"
limits = ["heap_drift < 500MB"]
)";

TEST(Soak, FindsItsRateAndIsToldSliceBySlice) {
  Scratch scratch;
  Gauntlet run({"run", scratch.write("soak.toml", kSoak)});
  run.wait(170 * core::kSecond);
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.out() << run.err();
  const double offered = summary.at("load").as_object().at("offered_per_s").to_number<double>();
  EXPECT_GE(offered, 60) << "of the least that was asked";
  EXPECT_LE(offered, 90) << "the most that the suite allows";
  const auto& capacity = summary.at("capacity").as_object();
  EXPECT_GE(capacity.at("steps").as_array().size(), 1U);
  const auto& slices = summary.at("slices").as_array();
  ASSERT_EQ(slices.size(), 10U);
  std::int64_t completed = 0;
  for (const auto& slice : slices)
    completed += slice.as_object().at("completed").to_number<std::int64_t>();
  EXPECT_GE(completed, 500);
  const auto has_memory = [](const auto& slice) {
    return slice.as_object().at("target_memory_mb").is_number();
  };
  EXPECT_GE(std::ranges::count_if(slices, has_memory), 1) << "a busy machine may miss a second";
  EXPECT_EQ(verdict_of(summary, "small_soak.soak"), "PASS") << run.out();
  for (const char* told : {"small_soak.sessions", "small_soak.heap"})
    EXPECT_NE(verdict_of(summary, told), "SKIPPED") << "our own server tells it: " << told;
  Gauntlet report({"report", run.folder().string()});
  report.wait();
  EXPECT_EQ(run.summary().at("slices").as_array().size(), 10U);
}

TEST(Soak, APauseOfTheWholeTargetIsSeenFromOutside) {
  Server server({"--tcp", "127.0.0.1:auto"});
  Gauntlet run({"run", "--url", server.url(), "-c", "4", "-R", "200/s", "-d", "8s", "--warmup",
                "1s", "--slo", "pause_max < 100ms", "--no-probe"});
  const core::Nanos limit = core::monotonic_ns() + 60 * core::kSecond;
  while (run.out().find("steady") == std::string::npos && core::monotonic_ns() < limit)
    usleep(10'000);
  server.signal_all(SIGSTOP);
  usleep(3'000'000);
  server.signal_all(SIGCONT);
  run.wait();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  double longest = 0;
  for (const auto& pause : summary.at("seconds").as_object().at("pause_s").as_array())
    longest = std::max(longest, pause.to_number<double>());
  EXPECT_GE(longest, 0.3);
  EXPECT_NE(verdict_of(summary, "adhoc.slo_pause_max"), "PASS");
}

}  // namespace
}  // namespace gauntlet::end_to_end
