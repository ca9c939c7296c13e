// A server that a command starts beside its URL: it is met, crashed, and started again where that
// is asked for; and the fault proxy before a URL.
#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"
#include "end_to_end/workers.h"

namespace gauntlet::end_to_end {
namespace {

// With a fault "it" in its time of trouble; `brief`: for tests that judge nothing of it.
std::string suite_with(const std::string& fault, bool brief = false) {
  return Suite("spawned",
               "connections = 10\nrate = '200/s'\nramp = '0s'\ntimeout = '3s'\nprobe = false")
      .echo()
      .steady(brief ? "1s" : "6s")
      .phase("trouble", brief ? "5s" : "9s")
      .test("answers_in_time", {"p99 <= 250ms"})
      .fault("it", "trouble", fault)
      .test("comes_back", {"recovery < 60s"}, "fault = 'it'")
      .text();
}

constexpr const char* kCrash = "kind = 'crash'\nhow = 'tree'\nat = '300ms'";

std::vector<std::string> spawning(const std::string& suite, const std::vector<std::string>& more) {
  const std::string where = free_address();
  std::vector<std::string> words = {"run", suite, "http://" + where + "/mcp", "-q"};
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), {"--", GAUNTLET_BINARY, "serve", "--http", where, "--workers", "1",
                             "--rate-limit", "0", "--breaker", "off"});
  return words;
}

boost::json::object fault_of(const boost::json::object& summary, std::size_t occurrence = 0) {
  const auto& faults = summary.at("faults").as_array();
  return occurrence < faults.size() ? faults[occurrence].as_object() : boost::json::object();
}

TEST(SpawnedServer, IsStartedAgainAfterEachCrash) {
  const Scratch scratch;
  const std::string suite =
      scratch.write("crash.toml", suite_with(std::string(kCrash) + "\nevery = '4s'\ntimes = 2"));
  const auto run =
      judged([&] { return std::make_unique<Gauntlet>(spawning(suite, {"--restart"})); });
  const auto summary = run->summary();
  ASSERT_FALSE(summary.empty()) << run->err();
  for (const std::size_t i : {0U, 1U}) {
    const auto fault = fault_of(summary, i);
    ASSERT_FALSE(fault.empty());
    EXPECT_TRUE(fault.at("has_evidence").as_bool()) << fault;
    const auto& evidence = fault.at("evidence").as_object();
    EXPECT_EQ(evidence.at("victims").as_string(), "2") << "supervisor and worker: " << evidence;
    EXPECT_NE(evidence.at("new_pids").as_string(), "") << evidence;
  }
  EXPECT_EQ(verdict_of(summary, "spawned.target_survives"), "no such test")
      << "an end that was asked for is not the server's own";
}

TEST(SpawnedServer, RecoversFromACrashBecauseItIsStartedAgain) {
  const Scratch scratch;
  const std::string suite = scratch.write("crash.toml", suite_with(kCrash));
  const auto run =
      judged([&] { return std::make_unique<Gauntlet>(spawning(suite, {"--restart"})); });
  EXPECT_TRUE(run->wait() == 0 || run->machine_busy()) << run->out() << run->err();
  EXPECT_NE(verdict_of(run->summary(), "spawned.comes_back"), "FAIL");
}

TEST(SpawnedServer, StaysDeadUnlessItIsToBeStartedAgain) {
  const Scratch scratch;
  const std::string suite = scratch.write("crash.toml", suite_with(kCrash));
  const auto run = judged([&] { return std::make_unique<Gauntlet>(spawning(suite, {})); });
  EXPECT_EQ(run->wait(), 1) << run->out() << run->err();
  EXPECT_EQ(verdict_of(run->summary(), "spawned.target_survives"), "FAIL");
}

TEST(SpawnedServer, IsNotMistakenForWhoListensAlready) {
  const Server other({"--http", "127.0.0.1:auto", "--workers", "1"});
  Gauntlet run({"run", "baseline", other.url(), "--", "sleep", "60"});
  EXPECT_EQ(run.wait(), 2);
  EXPECT_NE(run.err().find("somebody listens on"), std::string::npos) << run.err();
}

TEST(SpawnedServer, EndsWithItsRun) {
  const Scratch scratch;
  const std::string pid_file = (scratch.path() / "pid").string();
  const std::string where = free_address();
  const std::string suite = scratch.write("crash.toml", suite_with("kind = 'disconnect'", true));
  Gauntlet run({"run", suite, "http://" + where + "/mcp", "-q", "--", "sh", "-c",
                "echo $$ > " + pid_file + "; exec " + GAUNTLET_BINARY + " serve --http " + where});
  EXPECT_NE(run.wait(), -1) << run.err();
  const pid_t pid = std::stoi(read_whole(pid_file));
  EXPECT_NE(kill(pid, 0), 0) << "process " << pid << " is still there";
}

TEST(FaultProxy, StandsBeforeAUrlAndCountsWhatItDid) {
  const Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  const Scratch scratch;
  const std::string suite =
      scratch.write("proxy.toml", suite_with("kind = 'proxy'\nat = '300ms'\nfor = '2s'\n"
                                             "with = { toxic = 'down' }"));
  const auto run = judged([&] {
    return std::make_unique<Gauntlet>(std::vector<std::string>{"run", suite, server.url(), "-q"});
  });
  EXPECT_TRUE(run->wait() == 0 || run->machine_busy()) << run->out() << run->err();
  const auto summary = run->summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_NE(verdict_of(summary, "spawned.comes_back"), "FAIL");
  EXPECT_EQ(summary.at("target").as_object().at("url").as_string(), server.url());
  const auto fault = fault_of(summary);
  EXPECT_TRUE(fault.at("has_evidence").as_bool()) << fault;
  const auto& evidence = fault.at("evidence").as_object();
  EXPECT_GE(std::stoi(std::string(evidence.at("connections").as_string())), 10) << evidence;
  EXPECT_EQ(evidence.at("left_behind").as_string(), "nothing");
  EXPECT_EQ(fault.at("reconnected").to_number<int>(), 10);
}

TEST(FaultProxy, HoldsBackWhatAPartitionWouldWhereThereIsNoLab) {
  const Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  const Scratch scratch;
  const std::string suite = scratch.write(
      "partition.toml", suite_with("kind = 'partition'\nat = '300ms'\nfor = '2s'", true));
  Gauntlet run({"run", suite, server.url(), "-q"});
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  const auto fault = fault_of(summary);
  EXPECT_EQ(fault.at("kind").as_string(), "partition");
  EXPECT_TRUE(fault.at("has_evidence").as_bool()) << fault;
  EXPECT_EQ(fault.at("evidence").as_object().at("type").as_string(), "timeout") << fault;
}

TEST(FaultProxy, DoesSoForACommandsServerThatIsKeptOutOfTheLab) {
  const Scratch scratch;
  const std::string suite = scratch.write(
      "partition.toml", suite_with("kind = \"partition\"\nat = \"300ms\"\nfor = \"2s\"", true));
  Gauntlet run(spawning(suite, {"--lab", "off"}));
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  const auto fault = fault_of(summary);
  EXPECT_TRUE(fault.at("has_evidence").as_bool()) << fault;
  EXPECT_EQ(fault.at("evidence").as_object().at("type").as_string(), "timeout") << fault;
  EXPECT_EQ(summary.at("lab").as_object().at("reason").as_string(), "it is off");
}

// There it is at another address, and still called by its URL's name: a server on loopback forbids
// all others.
TEST(FaultProxy, CallsACommandsServerInTheLabByItsOwnName) {
  const Scratch scratch;
  const std::string suite =
      scratch.write("proxy.toml", suite_with("kind = \"proxy\"\nat = \"300ms\"\nfor = \"2s\"\n"
                                             "with = { toxic = \"latency:ms=20\" }",
                                             true));
  Gauntlet run(spawning(suite, {"--lab", "on"}));
  const int exit_code = run.wait();
  if (run.err().contains("no lab: ")) GTEST_SKIP() << run.err();
  EXPECT_NE(exit_code, -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  EXPECT_TRUE(summary.at("lab").as_object().at("used").as_bool());
  EXPECT_TRUE(fault_of(summary).at("has_evidence").as_bool()) << fault_of(summary);
}

TEST(FaultProxy, LosesNoPackets) {
  const Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  const Scratch scratch;
  const std::string suite = scratch.write(
      "loss.toml", suite_with("kind = 'loss'\nfor = '1s'\nwith = { amount = '2%' }", true));
  Gauntlet run({"run", suite, server.url(), "-q"});
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "spawned.comes_back"), "SKIPPED");
}

TEST(FaultProxy, WithoutAnEffectThereIsNoEvidence) {
  const Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  const Scratch scratch;
  const std::string suite =
      scratch.write("proxy.toml", suite_with("kind = 'proxy'\nfor = '1s'\n"
                                             "with = { toxic = 'drop_answer:nth=1000000' }",
                                             true));
  Gauntlet run({"run", suite, server.url(), "-q"});
  EXPECT_EQ(run.wait(), 4) << run.out() << run.err();
  EXPECT_NE(run.out().find("no_evidence"), std::string::npos) << run.out();
}

TEST(FaultProxy, KnowsItsToxicsBeforeTheRunBegins) {
  const Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  const Scratch scratch;
  const std::string suite = scratch.write(
      "proxy.toml", suite_with("kind = 'proxy'\nfor = '1s'\nwith = { toxic = 'lag:ms=1' }", true));
  Gauntlet run({"run", suite, server.url(), "-q"});
  EXPECT_EQ(run.wait(), 2) << run.out();
  EXPECT_NE(run.err().find("[[fault]] `it`: 'lag' is no toxic"), std::string::npos) << run.err();
}

}  // namespace
}  // namespace gauntlet::end_to_end
