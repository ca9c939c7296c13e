// Runs in the lab: every kind of fault has its evidence there and leaves nothing, also for an
// ordinary user; where there can be no lab, what needs it is skipped, and never passes.
#include <unistd.h>

#include <csignal>

#include "end_to_end/gauntlet.h"
#include "net/endpoint.h"
#include "server/client.h"

namespace gauntlet::end_to_end {
namespace {

constexpr std::string_view kSuite = R"(suite = "broken"
[load]
connections = 40
rate = "400/s"
protocol = "2025-11-25"
workers = 2
timeout = "5s"
ramp = "0s"
[client]
heartbeat = "1s"
heartbeat_timeout = "1s"
[[mix]]
tool = "echo"
arguments = { message = "{{nonce}}" }
[[phase]]
name = "steady"
duration = "6s"
measured = true
)";

std::string phase(const std::string& name, int seconds) {
  return "[[phase]]\nname = \"" + name + "\"\nduration = \"" + std::to_string(seconds) + "s\"\n";
}

struct FaultText {
  std::string kind;
  std::string with = {};  // inside the braces
  std::string lasts = "1500ms";
};

// One after the other, two seconds apart.
std::string faults(const std::vector<FaultText>& all) {
  std::string text = phase("trouble", static_cast<int>(2 * all.size() + 2));
  for (std::size_t i = 0; i < all.size(); ++i) {
    text += "[[fault]]\nid = \"" + all[i].kind + "\"\nkind = \"" + all[i].kind +
            "\"\nphase = \"trouble\"\nat = \"" + std::to_string(2 * i) + "s\"\n";
    if (!all[i].lasts.empty()) text += "for = \"" + all[i].lasts + "\"\n";
    if (!all[i].with.empty()) text += "with = { " + all[i].with + " }\n";
  }
  return text;
}

std::string test_of(const std::string& fault, const std::string& limit) {
  return "[[test]]\nname = \"" + fault + "\"\nfault = \"" + fault + "\"\nlimits = [\"" + limit +
         "\"]\n";
}

const std::vector<FaultText> kOfPackets = {{"partition", ""},
                                           {"one-way", "toward = \"load\""},
                                           {"loss", "amount = \"10%\""},
                                           {"reset", "only_group = 2"},
                                           {"delay", "amount = \"20ms\", jitter = \"10ms\""},
                                           {"burst-loss", "amount = \"5%\""},
                                           {"reorder", "amount = \"30%\""},
                                           {"duplicate", "amount = \"30%\""},
                                           {"rate", "amount = \"200KB\""}};

// Whether each fault has evidence and left nothing; what is wrong is told.
void expect_all_shown(const boost::json::object& summary, std::size_t count) {
  const auto& all = summary.at("faults").as_array();
  EXPECT_EQ(all.size(), count);
  for (const auto& each : all) {
    const auto& fault = each.as_object();
    ASSERT_TRUE(fault.at("skipped").is_null()) << fault;
    EXPECT_TRUE(fault.at("has_evidence").as_bool()) << fault;
    EXPECT_EQ(fault.at("evidence").as_object().at("left_behind").as_string(), "nothing") << fault;
  }
}

// Where it is not skipped with its reason.
void expect_shown_or_skipped(const boost::json::object& summary, std::string_view id) {
  for (const auto& each : summary.at("faults").as_array()) {
    const auto& fault = each.as_object();
    if (fault.at("id").as_string() != id) continue;
    if (!fault.at("skipped").is_null()) {
      EXPECT_EQ(verdict_of(summary, "broken." + std::string(id)), "SKIPPED");
      EXPECT_FALSE(fault.at("skipped").as_string().empty()) << fault;
      return;
    }
    EXPECT_TRUE(fault.at("has_evidence").as_bool()) << fault;
    EXPECT_EQ(fault.at("evidence").as_object().at("left_behind").as_string(), "nothing") << fault;
    return;
  }
  ADD_FAILURE() << "no fault " << id;
}

std::string why_no_lab() {
  Gauntlet list({"fault", "list"});
  list.wait();
  const std::string out = list.out();
  const std::size_t at = out.find("no lab: ");
  return at == std::string::npos ? "" : out.substr(at, out.find('\n', at) - at);
}

const std::vector<std::string> kAsNobody = {"setpriv", "--reuid=65534", "--regid=65534",
                                            "--clear-groups"};
// A user namespace in which nobody can have a network of their own.
const std::vector<std::string> kWithoutLabs = {
    "unshare", "-Ur", "sh", "-c", "echo 0 >/proc/sys/user/max_net_namespaces; exec \"$@\"", "sh"};

class LabRun : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && geteuid() != 0) GTEST_SKIP() << "we are an ordinary user already";
    if (const auto why = why_no_lab(); !why.empty()) GTEST_SKIP() << why;
  }
  static std::vector<std::string> through() {
    return GetParam() ? kAsNobody : std::vector<std::string>();
  }
  // Of a whole run of this suite.
  static boost::json::object summary_of(const std::string& suite) {
    const Scratch scratch;
    Gauntlet run({"run", scratch.write("broken.toml", suite), "-q"}, through());
    EXPECT_NE(run.wait(), -1) << run.err();
    auto summary = run.summary();
    EXPECT_FALSE(summary.empty()) << run.err();
    return summary;
  }
};

INSTANTIATE_TEST_SUITE_P(As, LabRun, testing::Bool(), [](const auto& each) {
  return each.param ? std::string("OrdinaryUser") : std::string("WeAre");
});

TEST_P(LabRun, EveryFaultOfPacketsHasEvidence) {
  Scratch scratch;
  Gauntlet run({"run",
                scratch.write("broken.toml", std::string(kSuite) + faults(kOfPackets) +
                                                 test_of("partition", "peak_error_rate <= 100%")),
                "-q"},
               through());
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  expect_all_shown(summary, kOfPackets.size());
  EXPECT_TRUE(summary.at("lab").as_object().at("used").as_bool());
  EXPECT_EQ(count(summary, "integrity", "lost"), 0);
  EXPECT_EQ(count(summary, "integrity", "duplicated"), 0);
  EXPECT_EQ(count(summary, "integrity", "foreign"), 0);
  const auto& partition = summary.at("faults").as_array()[0].as_object();
  const auto& evidence = partition.at("evidence").as_object();
  EXPECT_EQ(evidence.at("bytes_passed_to_server").as_string(), "0");
  EXPECT_EQ(evidence.at("bytes_passed_to_load").as_string(), "0");
  const auto& delay = summary.at("faults").as_array()[4].as_object().at("evidence").as_object();
  EXPECT_GE(std::stod(std::string(delay.at("delay_ms_p50_to_server").as_string())), 10);
  EXPECT_EQ(delay.at("rtt_added_ms_ordered").as_string(), "20-60");
  EXPECT_GE(std::stod(std::string(delay.at("rtt_ms_min").as_string())), 20);
  const std::string journal = read_whole(run.folder() / "faults.jsonl");
  EXPECT_LT(journal.find("\"begins\""), journal.find("\"ended\"")) << journal;
}

TEST_P(LabRun, EveryFaultOfTheTargetHasEvidence) {
  const std::vector<FaultText> all = {{"crash", "", ""},
                                      {"sever", "", ""},
                                      {"failpoint", "order = \"tool?name=echo&ms=50\""},
                                      {"pause", ""},
                                      {"descriptors", "amount = 8"}};
  const auto summary = summary_of(std::string(kSuite) + "[lab]\nuse = \"on\"\n" + faults(all) +
                                  phase("after", 4) + test_of("crash", "peak_error_rate <= 100%"));
  ASSERT_FALSE(summary.empty());
  expect_all_shown(summary, all.size());
}

// Control groups are for root, or for nobody; then the run says so. Who is short of tasks or memory
// notices when a worker is to be replaced.
TEST_P(LabRun, TheTargetGetsLessOfAProcessorOfTasksAndOfMemory) {
  const std::vector<FaultText> all = {
      {"cpu", "amount = \"1%\""}, {"pids", "amount = 1"}, {"memory", "amount = \"256KB\""}};
  std::string suite(kSuite);
  suite.replace(suite.find("400/s"), 5, "2000/s");
  suite.replace(suite.find("\"6s\""), 4, "\"1s\"");
  suite += faults(all) +
           "[[fault]]\nid = \"death\"\nkind = \"kill_worker\"\nphase = \"trouble\"\n"
           "at = \"2100ms\"\nevery = \"2s\"\ntimes = 2\n";
  for (const auto& fault : all) suite += test_of(fault.kind, "peak_error_rate <= 100%");
  const auto summary = summary_of(suite);
  ASSERT_FALSE(summary.empty());
  for (const auto& fault : all) expect_shown_or_skipped(summary, fault.kind);
}

TEST_P(LabRun, BehindAProxyNoGroupOfClientsIsAimedAt) {
  const std::vector<FaultText> all = {{"proxy", "toxic = \"latency:ms=5\""},
                                      {"reset", "only_group = 2"}};
  std::string suite(kSuite);
  suite.replace(suite.find("\"6s\""), 4, "\"1s\"");
  suite += "[lab]\nuse = \"on\"\n" + faults(all);
  for (const auto& fault : all) suite += test_of(fault.kind, "peak_error_rate <= 100%");
  const auto summary = summary_of(suite);
  ASSERT_FALSE(summary.empty());
  const auto& made = summary.at("faults").as_array();
  EXPECT_TRUE(made.at(0).at("has_evidence").as_bool()) << made;
  EXPECT_EQ(verdict_of(summary, "broken.reset"), "SKIPPED");
  const std::string why(made.at(1).at("skipped").as_string());
  EXPECT_TRUE(why.starts_with("behind the fault proxy")) << why;
}

constexpr std::string_view kCrashAndMore = R"(
[[phase]]
name = "trouble"
duration = "10s"
[[fault]]
id = "crash"
kind = "crash"
how = "tree"
phase = "trouble"
[[fault]]
id = "partition"
kind = "partition"
phase = "trouble"
at = "5s"
for = "1500ms"
[[fault]]
id = "delay"
kind = "delay"
phase = "trouble"
at = "7s"
for = "2s"
with = { amount = "20ms", jitter = "10ms" }
)";

TEST_P(LabRun, ACommandsServerIsThereTooAndIsStartedAgainThere) {
  Scratch scratch;
  const auto networks = (scratch.path() / "networks").string();
  std::string suite(kSuite);
  suite.replace(suite.find("\"6s\""), 4, "\"1s\"");
  suite += std::string(kCrashAndMore) + test_of("crash", "peak_error_rate <= 100%");
  const std::string url = "http://127.0.0.1:21080/mcp";
  Gauntlet run(
      {"run", scratch.write("broken.toml", suite), url, "--restart", "-q", "--", "sh", "-c",
       "readlink /proc/self/ns/net >>" + networks + "; exec " + GAUNTLET_BINARY +
           " serve --http 127.0.0.1:21080 --workers 1 --rate-limit 0 --breaker off"},
      through());
  EXPECT_NE(run.wait(), -1) << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  expect_all_shown(summary, 3);
  EXPECT_TRUE(summary.at("lab").as_object().at("used").as_bool());
  EXPECT_EQ(summary.at("target").as_object().at("url").as_string(), url);
  EXPECT_EQ(count(summary, "integrity", "lost"), 0);
  const auto& crash = summary.at("faults").as_array()[0].as_object();
  EXPECT_NE(crash.at("evidence").as_object().at("new_pids").as_string(), "") << crash;
  std::istringstream lines(read_whole(networks));
  std::string first, second, third;
  lines >> first >> second >> third;
  EXPECT_EQ(first, second) << "started again where it was";
  EXPECT_EQ(third, "") << "and once";
  EXPECT_NE(first, fs::read_symlink("/proc/self/ns/net").string());
}

// Load and server are in the lab, and whoever watches is not.
TEST_P(LabRun, MetricsAreReachedFromOutsideAndSayWhichFaultIsActive) {
  Scratch scratch;
  const auto suite = std::string(kSuite) + phase("trouble", 60) +
                     "[[fault]]\nid = \"it\"\nkind = \"partition\"\nphase = \"trouble\"\nfor = "
                     "\"50s\"\n" +
                     test_of("it", "peak_error_rate <= 100%");
  Gauntlet run({"run", scratch.write("broken.toml", suite), "--metrics-listen", "127.0.0.1:auto"},
               through());
  const std::string before = "metrics: http://";
  const core::Nanos limit = core::monotonic_ns() + 60 * core::kSecond;
  std::string said, metrics;
  while (core::monotonic_ns() < limit && !metrics.contains("fault_active{fault=\"it\"} 1")) {
    usleep(100'000);
    said = run.out();
    const std::size_t at = said.find(before);
    const std::size_t end = said.find("/metrics", at);
    if (at == std::string::npos || end == std::string::npos) continue;
    const auto where =
        net::Endpoint::parse(said.substr(at + before.size(), end - at - before.size()));
    ASSERT_TRUE(where) << said;
    metrics = server::Client(*where).ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").body;
  }
  EXPECT_NE(metrics.find("gauntlet_fault_active{fault=\"it\"} 1"), std::string::npos) << said;
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(), 130);
}

TEST(Lab, WhereItIsForbiddenWhatNeedsItIsSkipped) {
  Scratch scratch;
  Gauntlet run({"run", scratch.write("broken.toml", std::string(kSuite) +
                                                        faults({{"loss", "amount = \"2%\""}}) +
                                                        test_of("loss", "unrecovered < 1%"))},
               kWithoutLabs);
  EXPECT_EQ(run.wait(), 4) << "nothing else was judged: " << run.out() << run.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  EXPECT_EQ(verdict_of(summary, "broken.loss"), "SKIPPED");
  EXPECT_FALSE(summary.at("lab").as_object().at("used").as_bool());
  EXPECT_FALSE(summary.at("lab").as_object().at("reason").is_null());
  EXPECT_NE(run.out().find("no lab: "), std::string::npos) << run.out();
}

TEST(Lab, WhereItIsDemandedAndForbiddenThereIsNoRun) {
  Gauntlet run({"run", "--url", "builtin", "-c", "1", "-R", "10", "-d", "1s", "--lab", "on"},
               kWithoutLabs);
  EXPECT_EQ(run.wait(), 2);
  EXPECT_NE(run.err().find("no lab: "), std::string::npos) << run.err();
}

}  // namespace
}  // namespace gauntlet::end_to_end
