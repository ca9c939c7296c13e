// A worker of our own server is killed in the middle of a run: the report shows that it was, who
// felt it, and that they came back. What is not ours is left alone.
#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

constexpr std::string_view kSuite = R"(suite = "kill"
[load]
connections = 40
rate = "400/s"
transport = "tcp"
protocol = "2025-11-25"
workers = 2
ramp = "100ms"
[[mix]]
tool = "echo"
arguments = { message = "{{nonce}}" }
[[phase]]
name = "steady"
duration = "6s"
measured = true
[[phase]]
name = "after"
duration = "12s"
[[fault]]
id = "worker_killed"
kind = "kill_worker"
phase = "after"
at = "1s"
[[test]]
name = "comes_back"
fault = "worker_killed"
limits = ["reconnected >= 100%"]
)";

boost::json::object fault_of(const boost::json::object& summary) {
  const auto& faults = summary.at("faults").as_array();
  return faults.empty() ? boost::json::object() : faults[0].as_object();
}

TEST(WorkerKill, IsShownAndItsVictimsComeBack) {
  Scratch scratch;
  Gauntlet gauntlet({"run", scratch.write("kill.toml", kSuite)});
  EXPECT_EQ(gauntlet.wait(), 0) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "kill.comes_back"), "PASS");
  const auto fault = fault_of(summary);
  ASSERT_FALSE(fault.empty());
  EXPECT_EQ(fault.at("kind").as_string(), "kill_worker");
  EXPECT_TRUE(fault.at("has_evidence").as_bool());
  EXPECT_GE(fault.at("start_s").to_number<double>(), 7);
  const auto victims = fault.at("victims").to_number<int>();
  EXPECT_GT(victims, 0) << "the kernel spreads 40 connections over two workers";
  EXPECT_LT(victims, 40) << "the other worker's felt nothing";
  EXPECT_EQ(fault.at("reconnected").to_number<int>(), victims);
  EXPECT_EQ(count(summary, "clients", "drops"), victims);
  const auto& evidence = fault.at("evidence").as_object();
  EXPECT_TRUE(evidence.at("pidfd").as_string().starts_with("ended within"));
  EXPECT_NE(evidence.at("successor_pid").as_string(), "none");
  EXPECT_EQ(evidence.at("deaths_counted").as_string(), "1");
  EXPECT_EQ(evidence.at("left_behind").as_string(), "nothing");
}

TEST(WorkerKill, OfAForeignTargetIsSkipped) {
  Scratch scratch;
  std::string suite(kSuite);
  suite.replace(suite.find("\"12s\""), 5, "\"2s\"");
  suite.replace(suite.find("\"6s\""), 4, "\"1s\"");
  Server server({"--tcp", "127.0.0.1:auto", "--workers", "2"});
  Gauntlet gauntlet({"run", scratch.write("kill.toml", suite), server.url()});
  EXPECT_EQ(gauntlet.wait(), 4) << "a run of skipped tests alone: " << gauntlet.out();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "kill.comes_back"), "SKIPPED");
  EXPECT_EQ(count(summary, "clients", "drops"), 0);
  EXPECT_FALSE(fault_of(summary).at("skipped").is_null());
}

}  // namespace
}  // namespace gauntlet::end_to_end
