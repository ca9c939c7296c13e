// Clients in trouble against our real server: whatever happens to connections, workers and answers,
// every call of every client has exactly one end, and none of them a wrong answer.
#include <csignal>

#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"
#include "end_to_end/workers.h"

namespace gauntlet::end_to_end {
namespace {

Suite trouble(const std::string& client = {}) {
  Suite suite("trouble",
              "connections = 40\nrate = '400/s'\nprotocol = '2025-11-25'\n"
              "timeout = '8s'\nramp = '0s'");
  return suite.table("[client]", client).echo("idempotent = true").steady("6s");
}

// scheduled = completed + errors in every phase; nobody's answer was lost, doubled or foreign.
void expect_clean_history(const boost::json::object& summary) {
  ASSERT_FALSE(summary.empty());
  for (const auto& phase : summary.at("phases").as_array()) {
    std::int64_t errors = 0;
    for (const auto& [name, number] : phase.at("errors").as_object())
      errors += number.to_number<std::int64_t>();
    EXPECT_EQ(phase.at("scheduled").to_number<std::int64_t>(),
              phase.at("completed").to_number<std::int64_t>() + errors)
        << phase.at("name");
  }
  EXPECT_EQ(count(summary, "integrity", "lost"), 0);
  EXPECT_EQ(count(summary, "integrity", "duplicated"), 0);
  EXPECT_EQ(count(summary, "integrity", "foreign"), 0);
  EXPECT_EQ(count(summary, "load", "unmatched_answers"), 0);
}

TEST(Trouble, CutConnectionsInEveryWayHaveExactVictimsThatComeBack) {
  Scratch scratch;
  Suite suite = trouble("retry = 'backoff'\nheartbeat = '500ms'");
  suite.phase("cuts", "10s");
  for (const auto& [how, at] :
       {std::pair{"reset", "0s"}, {"fin", "2s"}, {"half_close", "4s"}, {"abandon", "6s"}})
    suite.fault(
        how, "cuts",
        std::string("kind = 'disconnect'\nshare = 0.25\nhow = '") + how + "'\nat = '" + at + "'");
  suite.test("t", {"reconnected >= 100%"}, "fault = 'abandon'");
  Server server({"--http", "127.0.0.1:auto", "--workers", "2"});
  Gauntlet run({"run", scratch.write("trouble.toml", suite.text()), server.url(), "-t", "3", "-q"});
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  expect_clean_history(summary);
  ASSERT_EQ(summary.at("faults").as_array().size(), 4U);
  for (const auto& fault : summary.at("faults").as_array()) {
    EXPECT_EQ(fault.at("victims").to_number<int>(), 10) << "a quarter of 40, on three threads";
    EXPECT_EQ(fault.at("reconnected").to_number<int>(), 10) << fault.at("id");
    EXPECT_TRUE(fault.at("has_evidence").as_bool()) << fault.at("id");
    const auto& back = fault.at("analysis").at("reconnects");
    EXPECT_EQ(back.at("clients").as_array().size(), 10U);
    EXPECT_GE(back.at("max_s").to_number<double>(), back.at("p50_s").to_number<double>());
  }
}

TEST(Trouble, AMurderedWorkerCostsNoMessageWithRetries) {
  std::unique_ptr<Gauntlet> run;
  Server server({"--http", "127.0.0.1:auto", "--workers", "2"});
  run = std::make_unique<Gauntlet>(std::vector<std::string>{
      "run",        "--url",     server.url(), "-c",      "40",      "-R",        "400",
      "-d",         "6s",        "--warmup",   "1s",      "--ramp",  "0s",        "--protocol",
      "2025-11-25", "--timeout", "20s",        "--retry", "backoff", "--retries", "10"});
  EXPECT_TRUE(run->says("connections: ")) << run->err();
  for (int i = 0; i < 3; ++i) {
    usleep(1'800'000);
    const auto workers = workers_of(server, 2);
    kill(workers.front(), SIGKILL);
  }
  EXPECT_NE(run->wait(), -1) << run->err();
  const auto summary = run->summary();
  expect_clean_history(summary);
  EXPECT_GT(count(summary, "clients", "drops"), 0) << "the murders were felt";
  EXPECT_EQ(count(summary, "load", "scheduled"), count(summary, "load", "completed"));
}

TEST(Trouble, APausedServerIsNoticedByHeartbeats) {
  Server server({"--tcp", "127.0.0.1:auto"});
  Gauntlet run({"run",   "--url",      server.url(), "-c",          "5",     "-R",
                "20",    "-d",         "6s",         "--warmup",    "0s",    "--ramp",
                "0s",    "--timeout",  "20s",        "--heartbeat", "200ms", "--heartbeat-timeout",
                "300ms", "--protocol", "2025-11-25"});
  EXPECT_TRUE(run.reaches("steady", 1)) << run.err();
  server.signal_all(SIGSTOP);
  usleep(2'000'000);
  server.signal_all(SIGCONT);
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  EXPECT_GE(count(summary, "attempts", "heartbeats"), 1);
  EXPECT_GE(count(summary, "attempts", "heartbeats_missed"), 1);
  EXPECT_GE(count(summary, "clients", "drops"), 1);
  EXPECT_EQ(count(summary, "errors", "timeout"), 0) << "long before any time-out";
}

// They arrive when many calls have come and gone on their connection since they were given up.
TEST(Trouble, LateAnswersAreTimeOutsAndNoWrongAnswers) {
  Scratch scratch;
  Suite suite("late", "connections = 1\nrate = '300/s'\nramp = '0s'\ntimeout = '300ms'");
  suite.echo("weight = 8")
      .table("[[mix]]", "tool = 'sleep'\narguments = { ms = 1500 }\nweight = 2")
      .steady("4s")
      .test("t", {"errors_protocol <= 0"});
  Server server({"--tcp", "127.0.0.1:auto", "--rate-limit", "0", "--breaker", "off"});
  Gauntlet run({"run", scratch.write("late.toml", suite.text()), server.url(), "-q"});
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_GT(count(summary, "errors", "timeout"), 0);
  EXPECT_EQ(count(summary, "errors", "protocol"), 0);
  EXPECT_EQ(count(summary, "load", "unmatched_answers"), 0);
}

TEST(Trouble, DoubledAndForeignAnswersAreToldApart) {
  Server doubling({"--http", "127.0.0.1:auto", "--bad", "dup"});
  Gauntlet twice({"run", "--url", doubling.url(), "-c", "5", "-R", "200", "-d", "3s", "--warmup",
                  "0s", "--ramp", "0s", "--retry", "storm", "-q"});
  twice.wait();
  const auto summary = twice.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_GT(count(summary, "integrity", "duplicated"), 0);
  EXPECT_EQ(count(summary, "integrity", "duplicated"), count(summary, "errors", "integrity"));
  EXPECT_EQ(count(summary, "integrity", "foreign"), 0);
  EXPECT_EQ(count(summary, "attempts", "retries"), 0) << "a doubled answer is not asked for again";
}

// The tool ends its event stream in the middle, and the server asks to be polled for the rest.
TEST(Trouble, AnswersThatBreakOffAreResumed) {
  Server server({"--http", "127.0.0.1:auto"});
  Gauntlet run({"run",
                "--url",
                server.url(),
                "-c",
                "4",
                "-R",
                "20",
                "-d",
                "3s",
                "--warmup",
                "0s",
                "--ramp",
                "0s",
                "--protocol",
                "2025-11-25",
                "--tool",
                "stream",
                "--args",
                R"({"count":4,"ms":20,"cut":2})",
                "-q"});
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  expect_clean_history(summary);
  EXPECT_GT(count(summary, "attempts", "answers_resumed"), 0);
  EXPECT_EQ(count(summary, "load", "scheduled"), count(summary, "load", "completed"));
}

TEST(Trouble, APhaseOfHalfTheLoadHasHalfTheMessages) {
  Scratch scratch;
  Suite suite = trouble();
  suite.phase("half", "3s", "rate_factor = 0.5").phase("full", "2s").test("t", {"errors <= 0"});
  Gauntlet run({"run", scratch.write("trouble.toml", suite.text()), "-q"});
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  const auto& phases = summary.at("phases").as_array();
  EXPECT_NEAR(phases.at(0).at("scheduled").to_number<double>(), 2400, 2);
  EXPECT_NEAR(phases.at(1).at("scheduled").to_number<double>(), 600, 2);
  EXPECT_NEAR(phases.at(2).at("scheduled").to_number<double>(), 800, 2);
}

TEST(Trouble, OptionsOfClientsAreChecked) {
  for (const auto& words : {std::vector<std::string>{"--heartbeat", "1ms"},
                            {"--heartbeat-timeout", "1s"},
                            {"--retries", "3"},
                            {"--retry", "backoff", "--retries", "1000"},
                            {"--retry", "storm", "--tool", "counter"},
                            {"--attempt-timeout", "20s"}}) {
    std::vector<std::string> argv = {"run", "--url", "builtin", "-d", "1s"};
    argv.insert(argv.end(), words.begin(), words.end());
    Gauntlet run(argv);
    EXPECT_EQ(run.wait(), 2) << words.front();
    EXPECT_NE(run.err().find(words.back() == "counter" ? "--idempotent" : "--"), std::string::npos);
  }
}

}  // namespace
}  // namespace gauntlet::end_to_end
