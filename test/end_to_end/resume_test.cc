// A run that Gauntlet does not live to end goes on with the same server.
#include <csignal>
#include <optional>

#include "core/proc.h"
#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"

namespace gauntlet::end_to_end {
namespace {

constexpr core::Nanos kPatience = 100 * core::kSecond;

std::string soak(const std::string& keep) {
  return Suite("small_soak",
               "connections = 4\nrate = '200/s'\nramp = '100ms'\ntransport = 'tcp'\n"
               "keep_server = '" +
                   keep + "'")
      .echo()
      .phase("warmup", "1s")
      .steady("12s")
      .test("soak_24_hour", {"crashes <= 0", "error_rate < 1%"})
      .text();
}

template <typename Condition>
bool comes_true(Condition condition) {
  const core::Nanos limit = core::monotonic_ns() + kPatience;
  while (!condition() && core::monotonic_ns() < limit) usleep(20'000);
  return condition();
}

bool is_alive(pid_t pid) { return core::process_start(pid).has_value(); }

// A run in the middle of its measured phase, some seconds of which are on disk.
class Begun {
 public:
  explicit Begun(const std::vector<std::string>& arguments) : run_(arguments) {
    EXPECT_TRUE(comes_true([&] { return run_.out().contains("\nsteady "); }))
        << run_.out() << run_.err();
  }
  ~Begun() {
    if (server() > 1) kill(-server(), SIGKILL);
  }
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;

  void end_with(int signal_number) {
    run_.signal(signal_number);
    run_.wait();
  }
  // Of our own server's supervisor; 0 where it was none.
  pid_t server() const {
    constexpr std::string_view kBefore = "our own server, ";
    const std::string out = run_.out();
    const auto at = out.find(kBefore);
    const auto pid = at == std::string::npos ? at : out.find("(pid ", at);
    return pid == std::string::npos ? 0 : std::stoi(out.substr(pid + 5));
  }
  std::string folder() const { return run_.folder().string(); }
  fs::path lease() const { return run_.folder() / "server.lease"; }
  boost::json::object summary() const { return run_.summary(); }
  Gauntlet& run() { return run_; }

 private:
  Gauntlet run_;
};

boost::json::array gaps(const boost::json::object& summary) {
  return summary.at("run").as_object().at("gaps").as_array();
}

std::string check_of(const boost::json::object& summary, std::string_view metric) {
  for (const auto& test : summary.at("tests").as_array())
    for (const auto& check : test.as_object().at("checks").as_array())
      if (check.as_object().at("metric").as_string() == metric)
        return std::string(check.as_object().at("verdict").as_string());
  return "no such check";
}

std::string evidence_of(const boost::json::object& summary, std::string_view test) {
  for (const auto& row : summary.at("tests").as_array())
    if (row.at("name").as_string() == test) return std::string(row.at("evidence").as_string());
  return "";
}

void expect_usage_error(const std::vector<std::string>& arguments, std::string_view says) {
  Gauntlet gauntlet(arguments);
  EXPECT_EQ(gauntlet.wait(), 2) << gauntlet.out() << gauntlet.err();
  EXPECT_TRUE(gauntlet.err().contains(says)) << gauntlet.err();
}

// Goes on to its end, and what its summary says then of the whole.
boost::json::object resumed(Begun& begun, const std::string& suite) {
  Gauntlet again({"run", suite, "--resume", begun.folder()});
  const int exit_code = again.wait(kPatience);
  EXPECT_TRUE(exit_code == 0 || exit_code == 4) << exit_code << again.out() << again.err();
  EXPECT_TRUE(again.out().contains("goes on with ")) << again.out() << again.err();
  return begun.summary();
}

// All of the load, but for what the gap took: the rate times the phases.
void expect_whole(const boost::json::object& summary) {
  constexpr double kDue = 200 * 13;
  double scheduled = 0;
  for (const auto& phase : summary.at("phases").as_array())
    scheduled += phase.as_object().at("scheduled").to_number<double>();
  EXPECT_LE(scheduled, 1.2 * kDue);
  EXPECT_GE(scheduled, 0.6 * kDue) << "a busy machine may be late before it dies";
}

TEST(Resume, AfterSigkillTheSameServerAndTheSameRunGoOn) {
  const Scratch scratch;
  const auto suite = scratch.write("soak.toml", soak("60s"));
  Begun begun({"run", suite});
  begun.end_with(SIGKILL);
  const pid_t server = begun.server();
  ASSERT_TRUE(is_alive(server));
  expect_usage_error({"run", suite, "--resume", begun.folder(), "-R", "300/s"}, "--rate differs");
  EXPECT_TRUE(is_alive(server)) << "a mistake costs nothing";
  const auto summary = resumed(begun, suite);
  ASSERT_EQ(gaps(summary).size(), 1U);
  const auto gap = gaps(summary).front().as_object();
  EXPECT_EQ(gap.at("how"), "died");
  EXPECT_EQ(gap.at("phase"), "steady");
  EXPECT_GT(gap.at("end_s").to_number<double>(), gap.at("start_s").to_number<double>());
  EXPECT_EQ(summary.at("target").as_object().at("pid").to_number<pid_t>(), server);
  EXPECT_EQ(check_of(summary, "crashes"), "PASS");
  EXPECT_TRUE(evidence_of(summary, "small_soak.soak_24_hour").contains("resumed once, gap "));
  expect_whole(summary);
  EXPECT_TRUE(comes_true([&] { return !is_alive(server); })) << "the run is over";
  EXPECT_FALSE(fs::exists(begun.lease()));
  EXPECT_TRUE(read_whole(fs::path(begun.folder()) / "junit.xml").contains("resumed once"));
  Gauntlet report({"report", begun.folder()});
  report.wait();
  EXPECT_EQ(begun.summary(), summary);
  expect_usage_error({"run", suite, "--resume", begun.folder()}, "is over");
}

TEST(Resume, AfterCtrlCTheLatestOfTheSuiteGoesOn) {
  const Scratch scratch;
  const auto suite = scratch.write("soak.toml", soak("60s"));
  const auto results = (scratch.path() / "results").string();
  Gauntlet first({"run", suite, "--results", results});
  ASSERT_TRUE(comes_true([&] { return first.out().contains("\nsteady "); })) << first.err();
  first.signal(SIGINT);
  EXPECT_EQ(first.wait(), 130);
  EXPECT_TRUE(first.out().contains("waits 1m")) << first.out();
  Gauntlet again({"run", suite, "--resume", "--results", results});
  const int exit_code = again.wait(kPatience);
  EXPECT_TRUE(exit_code == 0 || exit_code == 4) << exit_code << again.out() << again.err();
  EXPECT_TRUE(again.out().contains("Gauntlet interrupted, ")) << again.out();
  expect_usage_error({"run", suite, "--resume", "--results", results},
                     "there is no unfinished run");
}

TEST(Resume, AServerThatEndedMeanwhileIsAFail) {
  const Scratch scratch;
  const auto suite = scratch.write("soak.toml", soak("1h"));
  Begun begun({"run", suite});
  begun.end_with(SIGKILL);
  kill(begun.server(), SIGKILL);
  ASSERT_TRUE(comes_true([&] { return !is_alive(begun.server()); }));
  Gauntlet again({"run", suite, "--resume", begun.folder()});
  EXPECT_EQ(again.wait(), 1) << again.out() << again.err();
  const auto summary = begun.summary();
  EXPECT_EQ(verdict_of(summary, "small_soak.soak_24_hour"), "FAIL");
  EXPECT_EQ(verdict_of(summary, "small_soak.target_survives"), "FAIL");
}

TEST(Resume, AServerThatNobodyComesBackForLeavesByItself) {
  const Scratch scratch;
  const auto suite = scratch.write("soak.toml", soak("1s"));
  Begun begun({"run", suite});
  begun.end_with(SIGKILL);
  EXPECT_TRUE(comes_true([&] { return !is_alive(begun.server()); }));
  EXPECT_TRUE(comes_true([&] { return !fs::exists(begun.lease()); }));
  expect_usage_error({"run", suite, "--resume", begun.folder()}, "waited 1s for it and left");
}

TEST(Resume, WithoutBeingAskedToNoServerIsKept) {
  const Scratch scratch;
  const auto suite = scratch.write("soak.toml", soak("0s"));
  Begun begun({"run", suite});
  begun.end_with(SIGKILL);
  EXPECT_TRUE(comes_true([&] { return !is_alive(begun.server()); }));
  EXPECT_FALSE(fs::exists(begun.lease()));
  expect_usage_error({"run", suite, "--resume", begun.folder()}, "--keep-server keeps it");
}

TEST(Resume, ATargetOfSomebodyElsesGoesOnByItsUrl) {
  const Scratch scratch;
  const auto suite = scratch.write("soak.toml", soak("0s"));
  const Server server({"--tcp", "127.0.0.1:auto"});
  Begun begun({"run", suite, server.url()});
  begun.end_with(SIGKILL);
  const auto summary = resumed(begun, suite);
  EXPECT_EQ(gaps(summary).size(), 1U);
  EXPECT_EQ(check_of(summary, "crashes"), "PASS");
  expect_whole(summary);
}

TEST(Resume, ACommandsServerEndedWithTheRun) {
  Begun begun({"run", "--slo", "errors <= 0", "-d", "60s", "-c", "1", "--", GAUNTLET_BINARY,
               "serve", "--stdio"});
  begun.end_with(SIGKILL);
  expect_usage_error({"run", "--resume", begun.folder()}, "begin it anew");
}

}  // namespace
}  // namespace gauntlet::end_to_end
