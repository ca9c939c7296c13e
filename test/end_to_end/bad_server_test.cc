// Servers that are bad in trouble: each fails the one test that is about what it does, and the good
// server passes all of the same suite. The servers are spawned beside a URL, as any other would be.
#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

std::string suite_file(const std::string& suite) {
  return std::string(GAUNTLET_SOURCE_DIR) + "/test/bad_servers/" + suite + ".toml";
}

// The suite against our server as a spawned one; `bad`: "" for a good one.
std::unique_ptr<Gauntlet> against(const std::string& suite, const std::string& bad) {
  static const Scratch scratch;
  const std::string failpoints = (scratch.path() / "failpoints").string();
  setenv("FAILPOINTS", failpoints.c_str(), 1);
  return judged([&] {
    const std::string where = free_address();
    std::vector<std::string> words = {"run",
                                      suite_file(suite),
                                      "http://" + where + "/mcp",
                                      "-q",
                                      "--",
                                      GAUNTLET_BINARY,
                                      "serve",
                                      "--http",
                                      where,
                                      "--workers",
                                      "2",
                                      "--rate-limit",
                                      "0",
                                      "--breaker",
                                      "off",
                                      "--failpoints",
                                      "unix:" + failpoints,
                                      "--failpoint-token",
                                      "token"};
    if (!bad.empty()) words.insert(words.end(), {"--bad", bad});
    return std::make_unique<Gauntlet>(words);
  });
}

// The check of a test that is about this metric.
boost::json::object check_of(const boost::json::object& summary, const std::string& test,
                             const std::string& metric) {
  for (const auto& row : summary.at("tests").as_array()) {
    if (row.at("name").as_string() != test) continue;
    for (const auto& check : row.at("checks").as_array())
      if (check.at("metric").as_string() == metric) return check.as_object();
  }
  return {};
}

class GoodServer : public testing::TestWithParam<std::string> {};

TEST_P(GoodServer, PassesTheSuite) {
  const auto run = against(GetParam(), "");
  const int exit_code = run->wait();
  EXPECT_TRUE(exit_code == 0 || (exit_code == 4 && run->machine_busy()))
      << exit_code << "\n"
      << run->out() << run->err();
}

INSTANTIATE_TEST_SUITE_P(Trouble, GoodServer,
                         testing::Values("worker_dies", "stands_still", "slow_tool"));

struct Badness {
  std::string bad, suite, test, metric;
};

void PrintTo(const Badness& b, std::ostream* out) { *out << b.bad << " fails " << b.test; }

class BadServer : public testing::TestWithParam<Badness> {};

TEST_P(BadServer, FailsByName) {
  const Badness& given = GetParam();
  const auto run = against(given.suite, given.bad);
  EXPECT_TRUE(run->failed_its_target()) << run->out() << run->err();
  const auto summary = run->summary();
  ASSERT_FALSE(summary.empty());
  const auto check = check_of(summary, given.suite + "." + given.test, given.metric);
  ASSERT_FALSE(check.empty()) << summary.at("tests");
  const auto& said = check.at("reason");
  const std::string reason = said.is_string() ? std::string(said.as_string()) : "";
  if (check.at("verdict").as_string() != "FAIL") {
    EXPECT_TRUE(reason.starts_with("machine_busy")) << check;
  } else {
    EXPECT_EQ(reason.starts_with("metastable"), given.bad == "metastable") << check;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Trouble, BadServer,
    testing::Values(Badness{"no-restart", "worker_dies", "is_replaced", "recovery"},
                    Badness{"slow-restart", "worker_dies", "is_replaced", "recovery"},
                    Badness{"never-detect", "worker_dies", "is_noticed", "detection"},
                    Badness{"lose-sessions", "worker_dies", "keeps_sessions", "sessions_lost"},
                    Badness{"retry-storm", "worker_dies", "no_retry_storm", "amplification"},
                    Badness{"metastable", "stands_still", "recovers", "recovery"},
                    Badness{"cascade", "slow_tool", "no_cascade", "tool_error_rate"}));

}  // namespace
}  // namespace gauntlet::end_to_end
