// The same load over every transport, revision and way of answering; and what a run shows outside.
#include <csignal>

#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"

namespace gauntlet::end_to_end {
namespace {

struct Way {
  std::string name;
  std::vector<std::string> serve;
  std::vector<std::string> run;
  std::string protocol, transport;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class WayTest : public testing::TestWithParam<Way> {};

TEST_P(WayTest, EveryMessageIsVerified) {
  Server server(GetParam().serve);
  std::vector<std::string> arguments = {"run", "--url", server.url(), "-c", "6", "-d", "2s", "-q"};
  arguments.insert(arguments.end(), GetParam().run.begin(), GetParam().run.end());
  const auto gauntlet = judged(arguments);
  EXPECT_EQ(gauntlet->wait(), 0) << gauntlet->out() << gauntlet->err();
  const auto summary = gauntlet->summary();
  const auto& target = summary.at("target").as_object();
  EXPECT_EQ(target.at("protocol").as_string(), GetParam().protocol);
  EXPECT_EQ(target.at("transport").as_string(), GetParam().transport);
  EXPECT_GT(count(summary, "load", "completed"), 100);
  EXPECT_EQ(count(summary, "load", "completed"), count(summary, "load", "scheduled"));
}

TEST(Transports, WhatARateLimitRefusesIsAClassOfItsOwn) {
  Server server({"--http", "127.0.0.1:auto", "--rate-limit", "20"});
  Gauntlet gauntlet({"run", "--url", server.url(), "-c", "2", "-R", "400", "-d", "2s", "-q"});
  EXPECT_NE(gauntlet.wait(), 0) << gauntlet.out();
  const auto summary = gauntlet.summary();
  EXPECT_GT(count(summary, "errors", "rate_limited"), 0);
  EXPECT_EQ(count(summary, "errors", "protocol"), 0);
  EXPECT_GT(count(summary, "load", "completed"), 0);
}

TEST(Transports, StandardInputAndOutput) {
  const auto gauntlet = judged(
      {"run", "-c", "2", "-R", "200", "-d", "2s", "-q", "--", GAUNTLET_BINARY, "serve", "--stdio"});
  EXPECT_EQ(gauntlet->wait(), 0) << gauntlet->out() << gauntlet->err();
  const auto summary = gauntlet->summary();
  EXPECT_EQ(summary.at("target").as_object().at("transport").as_string(), "stdio");
  EXPECT_GT(count(summary, "load", "completed"), 100);
  EXPECT_EQ(count(summary, "load", "completed"), count(summary, "load", "scheduled"));
}

const std::vector<std::string> kHttp = {"--http", "127.0.0.1:auto"};
const std::vector<std::string> kSse = {"--http", "127.0.0.1:auto", "--answers", "sse"};
const std::vector<std::string> kTcp = {"--tcp", "127.0.0.1:auto"};
const std::vector<std::string> kUnix = {"--unix", "/tmp/gauntlet-transports-test.sock"};

INSTANTIATE_TEST_SUITE_P(
    Transports, WayTest,
    testing::Values(
        Way{"http auto", kHttp, {"-R", "200"}, "2026-07-28", "http"},
        Way{"http 2025-11-25",
            kHttp,
            {"-R", "200", "--protocol", "2025-11-25"},
            "2025-11-25",
            "http"},
        Way{"http 2025-06-18",
            kHttp,
            {"-R", "200", "--protocol", "2025-06-18"},
            "2025-06-18",
            "http"},
        Way{"http 2025-03-26",
            kHttp,
            {"-R", "200", "--protocol", "2025-03-26"},
            "2025-03-26",
            "http"},
        Way{"sse auto", kSse, {"-R", "200"}, "2026-07-28", "http"},
        Way{"sse 2025-11-25",
            kSse,
            {"-R", "200", "--protocol", "2025-11-25"},
            "2025-11-25",
            "http"},
        Way{"tcp auto", kTcp, {"-R", "200"}, "2026-07-28", "tcp"},
        Way{"tcp 2025-11-25", kTcp, {"-R", "200", "--protocol", "2025-11-25"}, "2025-11-25", "tcp"},
        Way{"unix", kUnix, {"-R", "200"}, "2026-07-28", "unix"},
        Way{"bursts", kTcp, {"-R", "800", "--burst", "8"}, "2026-07-28", "tcp"},
        Way{"pipelined bursts",
            kHttp,
            {"-R", "800", "--burst", "8", "--pipeline", "8"},
            "2026-07-28",
            "http"},
        Way{"poisson", kHttp, {"-R", "200", "--arrivals", "poisson"}, "2026-07-28", "http"},
        Way{"two threads", kHttp, {"-R", "200", "-t", "2"}, "2026-07-28", "http"}));

// As fast as it goes, with all cores.
INSTANTIATE_TEST_SUITE_P(
    FlatOut, WayTest,
    testing::Values(Way{"closed loop", kHttp, {}, "2026-07-28", "http"},
                    Way{"closed loop of bursts", kTcp, {"--burst", "16"}, "2026-07-28", "tcp"}));

TEST(Mix, OperationsAreDrawnByWeight) {
  Server server({"--http", "127.0.0.1:auto"});
  Scratch scratch;
  const fs::path file = scratch.path() / "mix.toml";
  std::ofstream(file) << "[[mix]]\ntool = \"echo\"\narguments = '{\"message\":\"{{nonce}}\"}'\n"
                         "weight = 3\n[[mix]]\nmethod = \"tools/list\"\nweight = 1\n";
  const auto gauntlet = judged({"run", "--url", server.url(), "-c", "4", "-R", "400", "-d", "2s",
                                "--mix", file.string(), "-q"});
  EXPECT_EQ(gauntlet->wait(), 0) << gauntlet->out() << gauntlet->err();
}

TEST(Tools, AMissingToolIsSaidSoWithTheOnesThereAre) {
  Server server({"--http", "127.0.0.1:auto"});
  Gauntlet gauntlet({"run", "--url", server.url(), "--tool", "ekko"});
  EXPECT_EQ(gauntlet.wait(), 2);
  EXPECT_NE(gauntlet.err().find("has no tool 'ekko'; it has echo, "), std::string::npos)
      << gauntlet.err();
}

TEST(Disconnect, EveryVictimComesBackAndTheEvidenceIsExact) {
  Scratch scratch;
  const auto suite =
      Suite("cut", "connections = 40\nrate = '400/s'\ntimeout = '2s'")
          .echo()
          .steady("7s")
          .phase("after", "8s")
          .fault("cut", "after", "kind = 'disconnect'\nat = '1s'\nshare = 0.5\nhow = 'mixed'")
          .test("back", {"reconnected >= 100%", "recovery < 60s", "p99 <= 500ms"}, "fault = 'cut'")
          .text();
  const std::string file = scratch.write("cut.toml", suite);
  for (const char* protocol : {"2026-07-28", "2025-11-25"}) {
    Server server({"--http", "127.0.0.1:auto"});
    const auto gauntlet = judged({"run", file, server.url(), "--protocol", protocol, "-q"});
    EXPECT_EQ(gauntlet->wait(), 0) << gauntlet->out() << gauntlet->err();
    const auto fault = gauntlet->summary().at("faults").as_array().at(0).as_object();
    EXPECT_EQ(fault.at("victims").to_number<int>(), 20);
    EXPECT_EQ(fault.at("reconnected").to_number<int>(), 20);
    const auto& evidence = fault.at("evidence").as_object();
    EXPECT_EQ(evidence.at("closed_by_reset").as_string(), "10");
    EXPECT_EQ(evidence.at("closed_by_fin").as_string(), "10");
    EXPECT_GE(std::stoi(std::string(evidence.at("kernel_tcp_out_rsts").as_string())), 10);
  }
}

}  // namespace
}  // namespace gauntlet::end_to_end
