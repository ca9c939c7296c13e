// `gauntlet fault`: the list, and one fault by hand: applied, shown, taken back.
#include <csignal>
#include <functional>

#include "end_to_end/workers.h"
#include "server/events.h"

namespace gauntlet::end_to_end {
namespace {

char state_of(pid_t pid) {
  const std::string stat = read_whole("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t paren = stat.rfind(')');
  return paren == std::string::npos ? '\0' : stat.at(paren + 2);
}

bool eventually(const std::function<bool()>& condition) {
  const core::Nanos limit = core::monotonic_ns() + 30 * core::kSecond;
  while (!condition() && core::monotonic_ns() < limit) usleep(5'000);
  return condition();
}

// Empty where there can be a lab.
std::string why_no_lab() {
  Gauntlet list({"fault", "list"});
  list.wait();
  const std::string out = list.out();
  const std::size_t at = out.find("no lab: ");
  return at == std::string::npos ? "" : out.substr(at, out.find('\n', at) - at);
}

TEST(Fault, TheListNamesEveryFaultAndWhetherItWorks) {
  Gauntlet list({"fault", "list"});
  EXPECT_EQ(list.wait(), 0);
  const std::string out = list.out();
  for (const char* name : {"crash", "pause", "disconnect", "partition", "one-way", "loss", "reset",
                           "delay", "burst-loss", "reorder", "duplicate", "rate", "cpu", "memory",
                           "pids", "descriptors", "exec", "failpoint"})
    EXPECT_NE(out.find(std::string("\n") + name + " "), std::string::npos) << name;
  EXPECT_NE(out.find("pause                                           state T in /proc"
                     "                         yes\n"),
            std::string::npos)
      << out;
}

TEST(Fault, MistakesAreNamed) {
  const auto complaint = [](const std::vector<std::string>& arguments) {
    Gauntlet gauntlet(arguments);
    EXPECT_EQ(gauntlet.wait(), 2) << gauntlet.err();
    return gauntlet.err();
  };
  EXPECT_NE(complaint({"fault", "meteor"}).find("no fault 'meteor'"), std::string::npos);
  EXPECT_NE(complaint({"fault", "partition"}).find("in the lab"), std::string::npos);
  EXPECT_NE(complaint({"fault", "cpu", "--target", "pid:7"}).find("such as 50%"),
            std::string::npos);
  EXPECT_NE(complaint({"fault", "pause", "--target", "7"}).find("pid:N"), std::string::npos);
  EXPECT_NE(complaint({"fault", "pause"}).find("needs a process"), std::string::npos);
  EXPECT_NE(complaint({"fault", "pause", "--target", "pid:999999999"}).find("no such process"),
            std::string::npos);
  EXPECT_NE(complaint({"fault", "exec", "--start", "true"}).find("three commands"),
            std::string::npos);
  EXPECT_NE(complaint({"fault", "pause", "--for", "soon"}).find("--for"), std::string::npos);
}

TEST(Fault, PauseIsShownAndTakenBack) {
  auto victim = *net::Child::start({"sleep", "1000"}, {});
  Gauntlet pause(
      {"fault", "pause", "--for", "300ms", "--target", "pid:" + std::to_string(victim.pid())});
  EXPECT_EQ(pause.wait(), 0) << pause.err();
  EXPECT_NE(pause.out().find("stopped_at_once_max              1\n"), std::string::npos);
  EXPECT_NE(pause.out().find("nothing is left of it"), std::string::npos);
  EXPECT_NE(state_of(victim.pid()), 'T');
}

TEST(Fault, APausedProcessGoesOnWhenGauntletIsKilled) {
  auto victim = *net::Child::start({"sleep", "1000"}, {});
  Gauntlet pause(
      {"fault", "pause", "--for", "60s", "--target", "pid:" + std::to_string(victim.pid())});
  EXPECT_TRUE(eventually([&] { return state_of(victim.pid()) == 'T'; }));
  pause.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return state_of(victim.pid()) == 'S'; }));
}

TEST(Fault, CtrlCEndsItEarlyAndCleanly) {
  auto victim = *net::Child::start({"sleep", "1000"}, {});
  Gauntlet pause(
      {"fault", "pause", "--for", "60s", "--target", "pid:" + std::to_string(victim.pid())});
  EXPECT_TRUE(eventually([&] { return state_of(victim.pid()) == 'T'; }));
  pause.signal(SIGINT);
  EXPECT_EQ(pause.wait(), 0) << pause.err();
  EXPECT_NE(pause.out().find("nothing is left of it"), std::string::npos);
}

TEST(Fault, WithoutAnEffectTheExitCodeSaysSo) {
  auto victim = *net::Child::start({"sleep", "1000"}, {});
  Gauntlet roomy({"fault", "descriptors", "--amount", "100", "--for", "100ms", "--target",
                  "pid:" + std::to_string(victim.pid())});
  EXPECT_EQ(roomy.wait(), 4);
  EXPECT_NE(roomy.out().find("evidence     none"), std::string::npos);
}

TEST(Fault, AFailpointOfOurServerIsOrderedCountedAndTakenBack) {
  const Scratch scratch;
  const std::string control = "unix:" + (scratch.path() / "failpoints").string();
  Server server({"--http", "127.0.0.1:auto", "--failpoints", control, "--failpoint-token", "t"});
  Gauntlet fault({"fault", "failpoint", "--at", control, "--token", "t", "--order",
                  "handler-delay?ms=1", "--for", "2s"});
  while (fault.out().find("clean") == std::string::npos && state_of(fault.pid()) != '\0' &&
         state_of(fault.pid()) != 'Z')
    server::Client(endpoint_of(server.url())).ask(server::stateless_echo("1"));
  EXPECT_EQ(fault.wait(), 0) << fault.err();
  EXPECT_NE(fault.out().find("  hits  "), std::string::npos);
  EXPECT_EQ(metric_of(server, "gauntlet_server_failpoint_active{failpoint=\"handler-delay\"}"), 0);
  Gauntlet wrong(
      {"fault", "failpoint", "--at", control, "--token", "no", "--order", "handler-delay?ms=1"});
  EXPECT_EQ(wrong.wait(), 3);
  EXPECT_NE(wrong.err().find("401"), std::string::npos) << wrong.err();
}

class FaultInLab : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_lab(); !why.empty()) GTEST_SKIP() << why;
  }
  // A client that asks our server in the lab until it has been answered that often.
  static std::vector<std::string> with_server(std::vector<std::string> arguments, int answers) {
    arguments.insert(
        arguments.end(),
        {"--server", std::string("exec ") + GAUNTLET_BINARY + " serve --http 10.77.2.1:3000", "--",
         "sh", "-c",
         "n=0; while [ $n -lt " + std::to_string(answers) +
             " ]; do curl -s -m 2 http://10.77.2.1:3000/health >/dev/null && "
             "n=$((n+1)); done"});
    return arguments;
  }
};

TEST_F(FaultInLab, DelayOfALinkInTheLab) {
  Gauntlet delay(with_server({"fault", "delay", "--amount", "30ms", "--for", "60s"}, 3));
  EXPECT_EQ(delay.wait(), 0) << delay.err();
  EXPECT_NE(delay.out().find("delay_ms_p50_to_server           30.0"), std::string::npos)
      << delay.out();
  EXPECT_NE(delay.out().find("rtt_added_ms_ordered             60-60"), std::string::npos)
      << delay.out();
  EXPECT_NE(delay.out().find("nothing is left of it"), std::string::npos);
}

TEST_F(FaultInLab, APartitionPassesNothing) {
  Gauntlet partition(with_server({"fault", "partition", "--for", "2s"}, 1));
  EXPECT_EQ(partition.wait(), 0) << partition.err();
  EXPECT_NE(partition.out().find("bytes_passed_to_server           0\n"), std::string::npos)
      << partition.out();
}

TEST_F(FaultInLab, TheServerThereIsPausedUnlessATargetIsNamed) {
  Gauntlet pause(with_server({"fault", "pause", "--for", "500ms"}, 1'000'000));
  EXPECT_EQ(pause.wait(), 0) << pause.err();
  EXPECT_NE(pause.out().find("the fault had its effect"), std::string::npos) << pause.out();
}

}  // namespace
}  // namespace gauntlet::end_to_end
