// Real servers that we did not write: the official SDKs over HTTP, a reference server over stdio.
#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

const std::string kRoot = GAUNTLET_SOURCE_DIR;
const std::string kNode = kRoot + "/deps/node";

struct Peer {
  std::string script;
  std::vector<std::string> options;
  std::string protocol;  // asked for, and spoken
  std::string answers;
};

void PrintTo(const Peer& peer, std::ostream* out) {
  *out << peer.script << " " << peer.answers << " " << peer.protocol;
}

class PeerTest : public testing::TestWithParam<Peer> {};

TEST_P(PeerTest, EveryAnswerIsVerified) {
  const Peer& peer = GetParam();
  std::vector<std::string> argv = {kNode, kRoot + "/test/peers/" + peer.script};
  argv.insert(argv.end(), peer.options.begin(), peer.options.end());
  Server server(argv, "listening ");
  Gauntlet gauntlet({"run", "--url", server.url(), "-c", "5", "-R", "50", "-d", "4s", "--protocol",
                     peer.protocol, "--slo", "error_rate<0.1%", "-q"});
  // A busy machine may make this INCONCLUSIVE, never FAIL: the server is right.
  const int exit_code = gauntlet.wait();
  EXPECT_TRUE(exit_code == 0 || exit_code == 4) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(count(summary, "load", "completed"), 200) << summary.at("errors");
  const auto& target = summary.at("target").as_object();
  EXPECT_EQ(target.at("protocol").as_string(), peer.protocol);
  EXPECT_EQ(target.at("answers").as_string(), peer.answers);
}

INSTANTIATE_TEST_SUITE_P(Peers, PeerTest,
                         testing::Values(Peer{"sdk1_server.mjs", {"--json"}, "2025-11-25", "json"},
                                         Peer{"sdk1_server.mjs", {}, "2025-11-25", "sse"},
                                         Peer{"sdk2_server.mjs", {"--json"}, "2026-07-28", "json"},
                                         Peer{"sdk2_server.mjs", {}, "2026-07-28", "sse"},
                                         Peer{
                                             "sdk2_server.mjs", {"--json"}, "2025-11-25", "json"}));

TEST(Peers, AReferenceServerOverStdio) {
  Gauntlet gauntlet({"run", "-c", "2", "-R", "100", "-d", "4s", "--warmup", "0s", "--ramp", "0s",
                     "--slo", "error_rate<0.1%", "-q", "--", kNode,
                     kRoot + "/test/npm/node_modules/@modelcontextprotocol/server-everything/dist/"
                             "index.js",
                     "stdio"});
  const int exit_code = gauntlet.wait();
  EXPECT_TRUE(exit_code == 0 || exit_code == 4) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty()) << gauntlet.err();
  EXPECT_EQ(count(summary, "load", "completed"), 400) << summary.at("errors");
  EXPECT_EQ(count(summary, "load", "connections_peak"), 2) << "one process a connection";
  EXPECT_EQ(summary.at("target").as_object().at("transport").as_string(), "stdio");
  EXPECT_GT(summary.at("target_memory_mb").as_object().at("peak").to_number<double>(), 20.0);
}

}  // namespace
}  // namespace gauntlet::end_to_end
