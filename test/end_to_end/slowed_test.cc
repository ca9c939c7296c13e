// Who is to blame: a generator that is slowed refuses to judge, and says why; a server that is
// slowed fails.
#include <atomic>
#include <csignal>
#include <thread>

#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

const boost::json::object& self_check(const boost::json::object& summary) {
  return summary.at("self_check").as_object();
}

// Stops a process half of the time, as the kernel does with one whose quota is half a core.
class HalfACore {
 public:
  explicit HalfACore(Gauntlet& gauntlet)
      : thread_([&gauntlet](const std::stop_token& stop) {
          constexpr int kHalfUs = 150'000;
          while (!stop.stop_requested()) {
            gauntlet.signal(SIGSTOP);
            usleep(kHalfUs);
            gauntlet.signal(SIGCONT);
            usleep(kHalfUs);
          }
        }) {}

 private:
  std::jthread thread_;  // ends with SIGCONT
};

TEST(Slowed, GeneratorIsInconclusiveByItsLag) {
  Gauntlet gauntlet({"run", "--url", "builtin", "-c", "10", "-R", "500", "-d", "4s", "--slo",
                     "p95<200ms", "--slo", "error_rate<1%"});
  EXPECT_TRUE(gauntlet.says("connections: ")) << gauntlet.err();
  {
    const HalfACore half(gauntlet);
    std::this_thread::sleep_for(std::chrono::seconds(4));
  }
  EXPECT_EQ(gauntlet.wait(), 4) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "adhoc.slo_p95"), "INCONCLUSIVE");
  EXPECT_EQ(verdict_of(summary, "adhoc.slo_error_rate"), "PASS") << "no matter of speed";
  const auto& reason = summary.at("tests").as_array()[0].at("reason").as_string();
  EXPECT_TRUE(reason.starts_with("generator_saturated: send lag p95 was ")) << reason;
  EXPECT_FALSE(self_check(summary).at("trusted").as_bool());
}

// Where its processes cannot be seen nobody asks who else had the cores, so that this holds on a
// busy machine too.
TEST(Slowed, ServerFails) {
  Scratch scratch;
  const std::string path = (scratch.path() / "slow").string();
  Server server({"--unix", path});
  const std::vector<std::string> arguments = {
      "run",   "--url",  "unix:" + path,   "-c",    "10",     "-R", "20", "-d", "6s", "--tool",
      "sleep", "--args", R"({"ms":1500})", "--slo", "p50<1s", "-q"};
  const auto gauntlet = judged(arguments);
  EXPECT_EQ(gauntlet->wait(), 1) << gauntlet->out() << gauntlet->err();
  const auto summary = gauntlet->summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(verdict_of(summary, "adhoc.slo_p50"), "FAIL");
  EXPECT_TRUE(self_check(summary).at("trusted").as_bool());
}

TEST(Probe, IsInNoFigureOfTheLoad) {
  Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  Gauntlet gauntlet({"run", "--url", server.url(), "--protocol", "2026-07-28", "-c", "200", "-R",
                     "2000", "-d", "3s", "--warmup", "1s", "-q"});
  EXPECT_EQ(gauntlet.wait(), 0) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(count(summary, "load", "scheduled"), 6000);
  EXPECT_EQ(count(summary, "load", "completed"), 6000);
  EXPECT_EQ(count(summary, "clients", "connects"), 200);
  const auto& probe = self_check(summary).at("probe").as_object();
  EXPECT_EQ(probe.at("connections").to_number<int>(), 2);
  EXPECT_EQ(probe.at("errors").to_number<int>(), 0);
  EXPECT_GT(probe.at("completed").to_number<int>(), 20) << "of 60";
  EXPECT_LT(probe.at("completed").to_number<int>(), 120);
  EXPECT_EQ(probe.at("completed"), probe.at("scheduled"));
  const auto& threads = self_check(summary).at("threads").as_array();
  ASSERT_GE(threads.size(), 3U);
  EXPECT_EQ(threads[0].at("name").as_string(), "main");
}

}  // namespace
}  // namespace gauntlet::end_to_end
