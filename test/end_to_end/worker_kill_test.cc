// A worker of our own server is killed in the middle of a run: the report shows that it was, who
// felt it, and that they came back. What is not ours is left alone.
#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"

namespace gauntlet::end_to_end {
namespace {

std::string kill_suite(const std::string& steady, const std::string& after) {
  return Suite("kill",
               "connections = 40\nrate = '400/s'\ntransport = 'tcp'\n"
               "protocol = '2025-11-25'\nworkers = 2\nramp = '100ms'")
      .echo()
      .steady(steady)
      .phase("after", after)
      .fault("worker_killed", "after", "kind = 'kill_worker'\nat = '1s'")
      .test("comes_back", {"reconnected >= 100%"}, "fault = 'worker_killed'")
      .text();
}

boost::json::object fault_of(const boost::json::object& summary) {
  const auto& faults = summary.at("faults").as_array();
  return faults.empty() ? boost::json::object() : faults[0].as_object();
}

TEST(WorkerKill, IsShownAndItsVictimsComeBack) {
  Scratch scratch;
  Gauntlet gauntlet({"run", scratch.write("kill.toml", kill_suite("6s", "12s"))});
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
  Server server({"--tcp", "127.0.0.1:auto", "--workers", "2"});
  Gauntlet gauntlet({"run", scratch.write("kill.toml", kill_suite("1s", "2s")), server.url()});
  EXPECT_EQ(gauntlet.wait(), 4) << "a run of skipped tests alone: " << gauntlet.out();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "kill.comes_back"), "SKIPPED");
  EXPECT_EQ(count(summary, "clients", "drops"), 0);
  EXPECT_FALSE(fault_of(summary).at("skipped").is_null());
}

}  // namespace
}  // namespace gauntlet::end_to_end
