// Searches for capacity against servers whose capacity is known: what they carry does not depend on
// how fast the machine is.
#include <csignal>

#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

// A client may send 20 messages a second and has 40 saved up: in its first second 60, two clients
// 120. Every step's clients are new ones.
std::vector<std::string> limited_search(const Server& server) {
  return {"capacity",   server.url(), "-c", "2",      "--from", "30/s",  "--step",
          "1s",         "--settle",   "0s", "--ramp", "50ms",   "--slo", "error_rate<1%",
          "--protocol", "2025-11-25"};
}

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

const boost::json::object& capacity_of(const boost::json::object& summary) {
  return summary.at("capacity").as_object();
}

double estimate(const boost::json::object& summary, std::string_view part) {
  return capacity_of(summary).at("estimate").as_object().at(part).to_number<double>();
}

std::string gave_way(const boost::json::object& summary, std::string_view part = "who") {
  return std::string(capacity_of(summary).at("gave_way").as_object().at(part).as_string());
}

TEST(Capacity, IsFoundAndHeld) {
  Server server({"--tcp", "127.0.0.1:auto", "--workers", "1", "--rate-limit", "20"});
  const auto gauntlet = judged(with(limited_search(server), {"--hold", "1s"}));
  const auto summary = gauntlet->summary();
  ASSERT_FALSE(summary.empty()) << gauntlet->err();
  EXPECT_EQ(gauntlet->wait(), 0) << gauntlet->out();
  EXPECT_LE(estimate(summary, "low"), 126) << gauntlet->out();
  EXPECT_GE(estimate(summary, "high"), 115) << gauntlet->out();
  EXPECT_LT(estimate(summary, "high"), 1.2 * estimate(summary, "low")) << gauntlet->out();
  EXPECT_EQ(gave_way(summary), "limits");
  EXPECT_EQ(verdict_of(summary, "capacity.found"), "PASS");
  EXPECT_EQ(verdict_of(summary, "capacity.hold"), "PASS");
  const auto& steps = capacity_of(summary).at("steps").as_array();
  EXPECT_EQ(steps.front().at("load").to_number<double>(), 30);
  EXPECT_EQ(summary.at("run").as_object().at("suite").as_string(), "capacity");
}

TEST(Capacity, ThatAShortStepPretendsIsFoundOutByTheHold) {
  Server server({"--tcp", "127.0.0.1:auto", "--workers", "1", "--rate-limit", "20"});
  const auto gauntlet = judged(with(limited_search(server), {"--hold", "5s"}));
  const auto summary = gauntlet->summary();
  ASSERT_FALSE(summary.empty()) << gauntlet->err();
  EXPECT_EQ(gauntlet->wait(), 1) << gauntlet->out();
  EXPECT_EQ(verdict_of(summary, "capacity.found"), "PASS");
  EXPECT_EQ(verdict_of(summary, "capacity.hold"), "FAIL") << "what was saved up is used up";
}

TEST(Capacity, OfConnectionsIsWhatTheServerHasDescriptorsFor) {
  Server server({"sh", "-c",
                 "ulimit -n 80; exec " GAUNTLET_BINARY
                 " serve --workers 1 --rate-limit 0 --tcp 127.0.0.1:auto"},
                "listening on ");
  const auto gauntlet = judged(
      {"capacity", server.url(),    "--of",       "connections", "--from",    "4",      "--to",
       "400",      "--step",        "1s",         "--settle",    "0s",        "--ramp", "50ms",
       "--slo",    "error_rate<1%", "--protocol", "2025-11-25",  "--timeout", "5s",     "--hold",
       "1s",       "--precision",   "20%"});
  const auto summary = gauntlet->summary();
  ASSERT_FALSE(summary.empty()) << gauntlet->err();
  EXPECT_LE(estimate(summary, "high"), 80) << gauntlet->out();
  EXPECT_GE(estimate(summary, "low"), 10) << gauntlet->out();
  EXPECT_EQ(gave_way(summary), "limits") << gauntlet->out();
  EXPECT_EQ(gauntlet->wait(), 0) << gauntlet->out();
}

TEST(Capacity, UpToTheHighestLoadAskedForIsALowerBound) {
  const auto gauntlet =
      judged({"capacity", "--transport", "tcp", "-c", "2", "--from", "50/s", "--to", "100/s",
              "--step", "500ms", "--settle", "0s", "--slo", "error_rate<10%", "--hold", "500ms"});
  const auto summary = gauntlet->summary();
  ASSERT_FALSE(summary.empty()) << gauntlet->err();
  EXPECT_EQ(gauntlet->wait(), 0) << gauntlet->out();
  EXPECT_EQ(capacity_of(summary).at("text").as_string(), "at least 100/s");
  EXPECT_EQ(gave_way(summary), "nobody");
}

TEST(Capacity, IsNoneWhereNotEvenTheLowestLoadKeepsTheLimits) {
  Gauntlet gauntlet({"capacity", "--transport", "tcp", "--tool", "fail", "-c", "1", "--from",
                     "20/s", "--step", "500ms", "--settle", "0s", "--slo", "error_rate<1%"});
  EXPECT_EQ(gauntlet.wait(), 1) << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "capacity.found"), "FAIL");
  EXPECT_TRUE(capacity_of(summary).at("hold").is_null());
  EXPECT_NE(gauntlet.out().find("not even 20/s: at 20/s the target missed a limit: error_rate"),
            std::string::npos)
      << gauntlet.out();
}

TEST(Capacity, BeyondTheGeneratorIsInconclusive) {
  Gauntlet gauntlet({"capacity", "--transport", "tcp", "-c", "2", "-t", "1", "--from", "5M/s",
                     "--to", "5M/s", "--step", "100ms", "--settle", "0s", "--slo", "error_rate<1%",
                     "--timeout", "10ms"});
  EXPECT_EQ(gauntlet.wait(), 4) << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(gave_way(summary), "generator") << gauntlet.out();
  EXPECT_EQ(verdict_of(summary, "capacity.found"), "INCONCLUSIVE");
}

TEST(Capacity, GoesOnWithItsTargetAndNoticesWhenItIsGone) {
  Server server({"--tcp", "127.0.0.1:auto", "--workers", "1"});
  Gauntlet gauntlet({"capacity", server.url(), "-c", "1", "--from", "20/s", "--step", "500ms",
                     "--settle", "0s", "--slo", "error_rate<1%"});
  while (gauntlet.out().find("40/s") == std::string::npos && gauntlet.err().empty()) usleep(20'000);
  server.signal_all(SIGKILL);
  EXPECT_EQ(gauntlet.wait(), 1) << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "capacity.found"), "FAIL");
  EXPECT_NE(capacity_of(summary).at("lost").as_string().find("lost for good"), std::string::npos);
}

TEST(Capacity, InterruptedTellsWhatItKnows) {
  Gauntlet gauntlet({"capacity", "--transport", "tcp", "-c", "1", "--from", "20/s", "--step",
                     "500ms", "--settle", "0s", "--slo", "error_rate<50%"});
  while (gauntlet.out().find("80/s") == std::string::npos && gauntlet.err().empty()) usleep(20'000);
  gauntlet.signal(SIGINT);
  EXPECT_EQ(gauntlet.wait(), 130) << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_TRUE(summary.at("run").as_object().at("interrupted").as_bool());
  EXPECT_GE(capacity_of(summary).at("steps").as_array().size(), 3U);
  EXPECT_EQ(verdict_of(summary, "capacity.found"), "INCONCLUSIVE");
}

}  // namespace
}  // namespace gauntlet::end_to_end
