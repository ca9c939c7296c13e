// Faults of a run's timeline that are not the clients' own: they happen, are shown, end, and leave
// nothing behind; and who cannot be given them is skipped.
#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"

namespace gauntlet::end_to_end {
namespace {

// With a fault "it", and a test of it.
std::string faulty(const std::string& fault, const char* limit, const std::string& steady,
                   const std::string& trouble, int connections = 10) {
  return Suite("faulty", "connections = " + std::to_string(connections) +
                             "\nrate = '200/s'\ntimeout = '10s'\nramp = '0s'")
      .echo()
      .steady(steady)
      .phase("trouble", trouble)
      .fault("it", "trouble", fault)
      .test("t", {limit}, "fault = 'it'")
      .text();
}

constexpr const char* kPause = "kind = 'pause'\nat = '1s'\nfor = '2s'";
constexpr const char* kRecovers = "recovery < 60s";

boost::json::object the_fault(const boost::json::object& summary) {
  const auto& faults = summary.at("faults").as_array();
  return faults.size() == 1 ? faults[0].as_object() : boost::json::object();
}

double longest_ms(const boost::json::object& summary, std::size_t phase) {
  double longest = 0;
  const auto& seconds = summary.at("seconds").as_object();
  const auto& phases = seconds.at("phase").as_array();
  for (std::size_t i = 0; i < phases.size(); ++i)
    if (phases[i].to_number<std::size_t>() == phase)
      longest = std::max(longest, seconds.at("response_max_ms").as_array()[i].to_number<double>());
  return longest;
}

TEST(RunFault, APausedServerIsShownAndGoesOn) {
  Scratch scratch;
  Gauntlet run({"run", scratch.write("faulty.toml", faulty(kPause, kRecovers, "6s", "12s")), "-q"});
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  const auto fault = the_fault(summary);
  ASSERT_FALSE(fault.empty());
  EXPECT_TRUE(fault.at("has_evidence").as_bool()) << fault;
  EXPECT_EQ(fault.at("evidence").as_object().at("left_behind").as_string(), "nothing");
  const double lasted =
      fault.at("end_s").to_number<double>() - fault.at("start_s").to_number<double>();
  EXPECT_GE(lasted, 2);
  EXPECT_GE(longest_ms(summary, 1), 1900) << "a call due at its start waits for its end";
  EXPECT_EQ(count(summary, "load", "scheduled"), count(summary, "load", "completed"))
      << "nothing is lost by waiting";
}

TEST(RunFault, CommandsBeginShowAndEndIt) {
  Scratch scratch;
  const std::string mark = (scratch.path() / "mark").string();
  const std::string fault = "kind = 'exec'\nfor = '2s'\nwith = { start = 'echo size 12 > " + mark +
                            "', evidence = 'cat " + mark + "', stop = 'rm " + mark + "' }";
  const std::string suite = faulty(fault, "peak_error_rate < 1%", "6s", "4s");
  Gauntlet run({"run", scratch.write("faulty.toml", suite), "-q"});
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto found = the_fault(run.summary());
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(found.at("has_evidence").as_bool()) << found;
  EXPECT_EQ(found.at("evidence").as_object().at("size").as_string(), "12");
  EXPECT_EQ(found.at("evidence").as_object().at("left_behind").as_string(), "nothing");
  EXPECT_FALSE(fs::exists(mark));
}

// An injector that does nothing is no fault that the target survived.
TEST(RunFault, WithoutEvidenceItsTestIsInconclusive) {
  Scratch scratch;
  const std::string fault =
      "kind = 'exec'\nfor = '1s'\nwith = { start = 'true', evidence = 'false', stop = 'true' }";
  const std::string suite = faulty(fault, kRecovers, "6s", "8s");
  Gauntlet run({"run", scratch.write("faulty.toml", suite), "-q"});
  EXPECT_EQ(run.wait(), 4) << run.out();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "faulty.t"), "INCONCLUSIVE");
  EXPECT_NE(run.out().find("no_evidence"), std::string::npos) << run.out();
}

TEST(RunFault, WhatATargetCannotBeGivenIsSkipped) {
  Scratch scratch;
  const std::string suite = scratch.write("faulty.toml", faulty(kPause, kRecovers, "1s", "2s", 1));
  Gauntlet run({"run", suite, "-q", "--", GAUNTLET_BINARY, "serve", "--stdio"});
  EXPECT_EQ(run.wait(), 4) << "nothing else was judged: " << run.out() << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "faulty.t"), "SKIPPED");
  EXPECT_FALSE(the_fault(summary).at("skipped").is_null());
}

}  // namespace
}  // namespace gauntlet::end_to_end
