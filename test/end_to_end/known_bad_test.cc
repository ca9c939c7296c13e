// Known-bad servers: each is caught in its own error class, as often as it misbehaved.
#include "end_to_end/workers.h"

namespace gauntlet::end_to_end {
namespace {

// What the server says it spoiled.
std::int64_t spoiled(const Server& server, const std::string& kind) {
  return static_cast<std::int64_t>(
      metric_of(server, "gauntlet_server_bad_answers_total{kind=\"" + kind + "\"}"));
}

struct Badness {
  std::string kind;
  std::string transport;    // http or tcp
  std::string error_class;  // that its answers have to be found in
  bool exactly;  // else: at least; a lost connection takes the calls beside the spoiled one along
};

void PrintTo(const Badness& b, std::ostream* out) { *out << b.kind << " over " << b.transport; }

class KnownBadTest : public testing::TestWithParam<Badness> {};

TEST_P(KnownBadTest, IsCaughtByClassAndCount) {
  const Badness& bad = GetParam();
  // HTTP is there in any case: the server's own count is read from its /metrics.
  std::unique_ptr<Server> server;
  const auto gauntlet = judged([&] {
    server = std::make_unique<Server>(std::vector<std::string>{
        "--http", "127.0.0.1:auto", "--tcp", "127.0.0.1:auto", "--bad", bad.kind + ":40"});
    const auto& url = bad.transport == "tcp" ? server->second_url() : server->url();
    return std::make_unique<Gauntlet>(std::vector<std::string>{
        "run", "--url", url, "-c", "8", "-R", "400", "-d", "3s", "--warmup", "0s", "--timeout",
        "700ms", "--slo", "error_rate<0.1%", "--no-probe", "-q"});
  });
  EXPECT_TRUE(gauntlet->failed_its_target()) << gauntlet->out() << gauntlet->err();
  const auto summary = gauntlet->summary();
  ASSERT_FALSE(summary.empty());
  const std::int64_t expected = spoiled(*server, bad.kind);
  EXPECT_GE(expected, 5) << "the server did misbehave";
  const std::int64_t caught = count(summary, "errors", bad.error_class);
  EXPECT_GE(caught, expected) << summary.at("errors");
  if (bad.exactly) {
    EXPECT_EQ(caught, expected) << summary.at("errors");
  }
  std::int64_t errors = 0;
  for (const auto& [name, n] : summary.at("errors").as_object()) {
    errors += n.to_number<std::int64_t>();
    // While a client comes back its calls are unsent; anything else would be a wrong class.
    const bool allowed =
        name == bad.error_class || name == "unsent" || (!bad.exactly && name == "indeterminate");
    if (!allowed) {
      EXPECT_EQ(n.to_number<std::int64_t>(), 0) << name;
    }
  }
  EXPECT_EQ(count(summary, "load", "scheduled"), count(summary, "load", "completed") + errors);
}

INSTANTIATE_TEST_SUITE_P(KnownBad, KnownBadTest,
                         testing::Values(Badness{"wrong-id", "http", "protocol", true},
                                         Badness{"wrong-id", "tcp", "protocol", true},
                                         Badness{"dup", "http", "integrity", true},
                                         Badness{"dup", "tcp", "integrity", true},
                                         Badness{"drop", "http", "timeout", true},
                                         Badness{"drop", "tcp", "timeout", true},
                                         Badness{"stall", "http", "timeout", true},
                                         Badness{"bad-json", "http", "protocol", true},
                                         Badness{"bad-json", "tcp", "protocol", true},
                                         Badness{"half-close", "http", "indeterminate", true},
                                         Badness{"half-close", "tcp", "indeterminate", false}));

TEST(KnownBad, AStalledLineLosesEveryCallFromThenOn) {
  Server server({"--tcp", "127.0.0.1:auto", "--bad", "stall:40"});
  const auto gauntlet = judged({"run", "--url", server.url(), "-c", "8", "-R", "400", "-d", "3s",
                                "--warmup", "0s", "--timeout", "700ms", "-q"});
  EXPECT_TRUE(gauntlet->failed_its_target()) << gauntlet->out() << gauntlet->err();
  const auto summary = gauntlet->summary();
  // The first of them times out, and the connection is given up with the rest in flight: by us, so
  // they are lost to time too.
  EXPECT_GT(count(summary, "errors", "timeout"), 100);
  EXPECT_EQ(count(summary, "errors", "indeterminate"), 0);
}

TEST(KnownBad, ALeakFailsMemoryGrowth) {
  Server server({"--http", "127.0.0.1:auto", "--bad", "leak:2"});
  const auto gauntlet = judged({"run", "--url", server.url(), "-c", "8", "-R", "400", "-d", "12s",
                                "--slo", "memory_growth<100MB", "-q"});
  EXPECT_EQ(gauntlet->wait(), 1) << gauntlet->out();
  EXPECT_EQ(verdict_of(gauntlet->summary(), "adhoc.slo_memory_growth"), "FAIL");
}

}  // namespace
}  // namespace gauntlet::end_to_end
