// Faults of a run's timeline that are not the clients' own: they happen, are shown, end, and leave
// nothing behind; and who cannot be given them is skipped.
#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

constexpr std::string_view kSuite = R"(suite = "faulty"
[load]
connections = 10
rate = "200/s"
timeout = "10s"
ramp = "0s"
[[mix]]
tool = "echo"
arguments = { message = "{{nonce}}" }
[[phase]]
name = "steady"
duration = "6s"
measured = true
[[phase]]
name = "trouble"
duration = "12s"
)";

constexpr std::string_view kPause = R"(
[[fault]]
id = "it"
kind = "pause"
phase = "trouble"
at = "1s"
for = "2s"
[[test]]
name = "comes_back"
fault = "it"
limits = ["recovery < 60s"]
)";

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
  Gauntlet run(
      {"run", scratch.write("faulty.toml", std::string(kSuite) + std::string(kPause)), "-q"});
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
  const std::string fault =
      "[[fault]]\nid = \"it\"\nkind = \"exec\"\nphase = \"trouble\"\nfor = \"2s\"\nwith = { start "
      "= "
      "\"echo size 12 > " +
      mark + "\", evidence = \"cat " + mark + "\", stop = \"rm " + mark + "\" }\n";
  const std::string test =
      "[[test]]\nname = \"t\"\nfault = \"it\"\nlimits = [\"peak_error_rate < 1%\"]\n";
  std::string text(kSuite);
  text.replace(text.find("\"12s\""), 5, "\"4s\"");
  Gauntlet run({"run", scratch.write("faulty.toml", text + fault + test), "-q"});
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
      "[[fault]]\nid = \"it\"\nkind = \"exec\"\nphase = \"trouble\"\nfor = \"1s\"\n"
      "with = { start = \"true\", evidence = \"false\", stop = \"true\" }\n";
  const std::string test =
      "[[test]]\nname = \"t\"\nfault = \"it\"\nlimits = [\"recovery < 60s\"]\n";
  std::string text(kSuite);
  text.replace(text.find("\"12s\""), 5, "\"8s\"");
  Gauntlet run({"run", scratch.write("faulty.toml", text + fault + test), "-q"});
  EXPECT_EQ(run.wait(), 4) << run.out();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "faulty.t"), "INCONCLUSIVE");
  EXPECT_NE(run.out().find("no_evidence"), std::string::npos) << run.out();
}

TEST(RunFault, WhatATargetCannotBeGivenIsSkipped) {
  Scratch scratch;
  std::string text = std::string(kSuite) + std::string(kPause);
  text.replace(text.find("connections = 10"), 16, "connections = 1");
  text.replace(text.find("\"6s\""), 4, "\"1s\"");
  text.replace(text.find("\"12s\""), 5, "\"2s\"");
  Gauntlet run(
      {"run", scratch.write("faulty.toml", text), "-q", "--", GAUNTLET_BINARY, "serve", "--stdio"});
  EXPECT_EQ(run.wait(), 4) << "nothing else was judged: " << run.out() << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "faulty.comes_back"), "SKIPPED");
  EXPECT_FALSE(the_fault(summary).at("skipped").is_null());
}

}  // namespace
}  // namespace gauntlet::end_to_end
