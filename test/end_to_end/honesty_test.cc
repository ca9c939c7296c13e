// What makes the numbers worth believing: no coordinated omission, no verdict from an overloaded
// generator, a dead server is a failure, an interrupted run leaves a valid report.
#include <csignal>

#include <cmath>
#include <thread>

#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

double millis(const boost::json::object& summary, std::string_view kind,
              std::string_view quantile) {
  return summary.at(kind).as_object().at(quantile).to_number<double>();
}

// Theory: of D seconds of evenly scheduled messages those due in a stop of S seconds answer when it
// ends, so their response times are uniform on 0…S. Response times above x are then the share
// (S - x) / D of all, and quantile q is S - D (1 - q) where that is positive.
double stopped_quantile_ms(double stop_s, double duration_s, double q) {
  return 1000 * std::max(0.0, stop_s - duration_s * (1 - q));
}

TEST(CoordinatedOmission, AStopShowsInTheQuantilesAsTheorySays) {
  constexpr double kDuration = 8, kStop = 2;
  double stop_s = 0;
  const auto gauntlet = judged([&] {
    Server server({"--http", "127.0.0.1:auto"});
    auto run = std::make_unique<Gauntlet>(std::vector<std::string>{
        "run", "--url", server.url(), "-c", "20", "-R", "500", "-d", "8s", "--warmup", "0s",
        "--ramp", "0s", "--timeout", "10s", "--slo", "p99<500ms"});
    EXPECT_TRUE(run->reaches("steady", 1)) << run->err();
    server.signal_all(SIGSTOP);
    const core::Nanos stopped = core::monotonic_ns();
    usleep(2'000'000);
    server.signal_all(SIGCONT);
    // A loaded machine may stretch the pause; the theory is then that of the pause there was.
    stop_s = core::to_seconds(core::monotonic_ns() - stopped);
    run->wait();
    return run;
  });
  const auto summary = gauntlet->summary();
  ASSERT_FALSE(summary.empty()) << gauntlet->err();
  EXPECT_EQ(count(summary, "load", "scheduled"), count(summary, "load", "completed"));
  EXPECT_NEAR(static_cast<double>(count(summary, "load", "scheduled")), 500 * kDuration, 2);
  // The stop is felt a little longer than it lasts: what has piled up has to be worked off.
  constexpr double kEarly = 60, kLate = 600;
  for (const auto& [name, q] : {std::pair{"p95", 0.95}, {"p99", 0.99}, {"max", 1.0}}) {
    const double expected = stopped_quantile_ms(stop_s, kDuration, q);
    EXPECT_GE(millis(summary, "response_time_ms", name), expected - kEarly) << name;
    EXPECT_LE(millis(summary, "response_time_ms", name), expected + kLate) << name;
  }
  EXPECT_GE(stop_s, kStop);
  // From the actual send only one call a connection saw the stop: 20 of 4,000 are beyond p99.
  EXPECT_LT(millis(summary, "service_time_ms", "p95"), 500);
  EXPECT_LT(millis(summary, "service_time_ms", "p95"), millis(summary, "response_time_ms", "p95"));
}

TEST(Verdict, AServerThatDiesHalfwayIsAFailureWithAReport) {
  const auto gauntlet = judged([] {
    Server server({"--http", "127.0.0.1:auto"});
    auto run = std::make_unique<Gauntlet>(
        std::vector<std::string>{"run", "--url", server.url(), "-c", "10", "-R", "300", "-d", "5s",
                                 "--ramp", "0s", "--warmup", "0s", "--timeout", "1s"});
    EXPECT_TRUE(run->reaches("steady", 1)) << run->err();
    server.signal(SIGKILL);
    run->wait();
    return run;
  });
  EXPECT_TRUE(gauntlet->failed_its_target()) << gauntlet->out();
  const auto summary = gauntlet->summary();
  EXPECT_EQ(summary.at("exit_code").to_number<int>(), gauntlet->wait());
  EXPECT_GT(count(summary, "errors", "unsent"), 100) << "nobody was there to send to";
  EXPECT_GT(count(summary, "load", "completed"), 100) << "before it died";
  EXPECT_TRUE(fs::exists(gauntlet->folder() / "junit.xml"));
}

TEST(Verdict, AnOverloadedGeneratorDoesNotJudge) {
  // Far beyond what any one thread can send; what the server would do at that rate is unknown.
  Gauntlet gauntlet({"run",
                     "--url",
                     "builtin",
                     "-c",
                     "50",
                     "-R",
                     "5000000",
                     "-t",
                     "1",
                     "-d",
                     "2s",
                     "--warmup",
                     "0s",
                     "--timeout",
                     "2s",
                     "--slo",
                     "p95<85ms",
                     "--slo",
                     "throughput>=5000000/s",
                     "--slo",
                     "error_rate<0.1%",
                     "-q"});
  EXPECT_EQ(gauntlet.wait(), 4) << gauntlet.out();
  const auto summary = gauntlet.summary();
  EXPECT_FALSE(summary.at("self_check").as_object().at("trusted").as_bool());
  EXPECT_FALSE(summary.at("self_check").as_object().at("reasons").as_array().empty());
  EXPECT_EQ(summary.at("verdict").as_string(), "INCONCLUSIVE");
  for (const auto& row : summary.at("tests").as_array())
    EXPECT_EQ(row.at("verdict").as_string(), "INCONCLUSIVE") << row;
}

TEST(Verdict, AnInterruptedRunLeavesAValidReport) {
  Gauntlet gauntlet({"run", "--url", "builtin", "-c", "5", "-R", "100", "-d", "60s", "--warmup",
                     "0s", "--ramp", "0s"});
  EXPECT_TRUE(gauntlet.reaches("steady", 1)) << gauntlet.err();
  gauntlet.signal(SIGINT);
  EXPECT_EQ(gauntlet.wait(), 130);
  const auto summary = gauntlet.summary();
  EXPECT_EQ(summary.at("exit_code").to_number<int>(), 130);
  EXPECT_NE(summary.at("verdict").as_string(), "PASS");
  EXPECT_GT(count(summary, "load", "completed"), 0);
}

TEST(Verdict, ASlowServerFailsItsLatencyLimit) {
  Server server({"--http", "127.0.0.1:auto"});
  const auto gauntlet =
      judged({"run", "--url", server.url(), "-c", "20", "-R", "100", "-d", "3s", "--tool", "sleep",
              "--args", R"({"ms":100})", "--slo", "p50<50ms", "-q"});
  EXPECT_TRUE(gauntlet->failed_its_target()) << gauntlet->out();
  EXPECT_GE(millis(gauntlet->summary(), "response_time_ms", "p50"), 100);
}

// Programs that compute without end, and do end with the test.
class BusyLoops {
 public:
  explicit BusyLoops(int count) {
    for (int i = 0; i < count; ++i) {
      auto loop = net::Child::start({"timeout", "60", "sh", "-c", "while :; do :; done"}, {});
      if (loop) loops_.push_back(std::move(*loop));
    }
  }
  std::size_t running() const { return loops_.size(); }

 private:
  std::vector<net::Child> loops_;
};

TEST(Verdict, AServerWithoutACoreIsNotCalledSlow) {
  // The server needs half a core and gets a share of one: its backlog grows to seconds. All the
  // other programs of the run need little and stay punctual.
  const int loops = 4 * static_cast<int>(std::thread::hardware_concurrency());
  const BusyLoops busy(loops);
  ASSERT_EQ(busy.running(), static_cast<std::size_t>(loops));
  Gauntlet gauntlet({"run", "--url",  "builtin",     "-c",        "20",        "-R",
                     "250", "-t",     "1",           "-d",        "6s",        "--warmup",
                     "1s",  "--ramp", "0s",          "--timeout", "20s",       "--tool",
                     "cpu", "--args", R"({"ms":2})", "--slo",     "p99<200ms", "-q"});
  EXPECT_EQ(gauntlet.wait(), 4) << gauntlet.out();
  const bool named = gauntlet.out().contains("machine_busy: other programs used") ||
                     gauntlet.out().contains("generator_saturated: ");
  EXPECT_TRUE(named) << gauntlet.out();
}

TEST(Verdict, ToolErrorsAreErrors) {
  Server server({"--http", "127.0.0.1:auto"});
  Gauntlet gauntlet({"run", "--url", server.url(), "-c", "5", "-R", "100", "-d", "2s", "--warmup",
                     "0s", "--tool", "fail", "--args", R"({"kind":"tool_error"})", "-q"});
  EXPECT_EQ(gauntlet.wait(), 1);
  const auto summary = gauntlet.summary();
  EXPECT_EQ(count(summary, "errors", "tool_error"), count(summary, "load", "scheduled"));
  EXPECT_EQ(count(summary, "load", "completed"), 0);
}

TEST(Seed, RepeatsTheSchedule) {
  Server server({"--http", "127.0.0.1:auto"});
  std::vector<std::int64_t> scheduled;
  for (int i = 0; i < 2; ++i) {
    Gauntlet gauntlet({"run", "--url", server.url(), "-c", "5", "-R", "200", "--arrivals",
                       "poisson", "-d", "2s", "--warmup", "0s", "--ramp", "0s", "--seed", "42",
                       "-q"});
    EXPECT_EQ(gauntlet.wait(), 0) << gauntlet.out();
    scheduled.push_back(count(gauntlet.summary(), "load", "scheduled"));
    EXPECT_NE(gauntlet.out().find("--seed 42"), std::string::npos) << "the line that repeats it";
  }
  EXPECT_EQ(scheduled[0], scheduled[1]);
}

}  // namespace
}  // namespace gauntlet::end_to_end
