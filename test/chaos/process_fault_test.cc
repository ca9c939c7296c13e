#include "chaos/process_fault.h"

#include <csignal>

#include "chaos/in_lab.h"
#include "chaos/wire.h"
#include "core/proc.h"
#include "net/child.h"

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kLong = 60 * core::kSecond;

net::Child sleeper() { return *net::Child::start({"sleep", "1000"}, {}); }

TEST(CrashFault, IsShownByHowTheKernelSaysItEnded) {
  net::Child victim = sleeper();
  CrashFault fault({{victim.pid()}}, 0);
  ASSERT_TRUE(fault.probe());
  ASSERT_TRUE(fault.arm(kLong));
  EXPECT_FALSE(fault.evidence().shown);
  ASSERT_TRUE(fault.start());
  EXPECT_TRUE(eventually([&] { return fault.evidence().shown; }));
  EXPECT_EQ(fact(fault.evidence(), "wait_status"), "killed by signal 9");
  EXPECT_EQ(victim.poll_exit(), "killed by signal 9") << "the fault left it to its parent";
}

TEST(CrashFault, WhoEndedByItselfIsNoVictim) {
  net::Child victim = sleeper();
  CrashFault fault({{victim.pid()}}, 0);
  ASSERT_TRUE(fault.arm(kLong));
  victim.signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return !runs(victim.pid()); }));
  ASSERT_TRUE(fault.start());
  EXPECT_FALSE(fault.evidence().shown);
}

TEST(CrashFault, FindsTheSuccessorBelowTheSupervisor) {
  net::Child supervisor =
      *net::Child::start({"sh", "-c", "while :; do sleep 1000; done"}, {.quiet_stderr = true});
  ASSERT_TRUE(eventually([&] { return core::process_tree({{supervisor.pid()}}).size() == 2; }));
  std::vector<pid_t> tree = core::process_tree({{supervisor.pid()}});
  std::erase(tree, supervisor.pid());
  CrashFault fault({tree}, supervisor.pid());
  ASSERT_TRUE(fault.arm(kLong));
  EXPECT_EQ(fact(fault.evidence(), "new_pids"), "");
  ASSERT_TRUE(fault.start());
  EXPECT_TRUE(eventually([&] { return number(fault.evidence(), "new_pids") > 0; }));
  EXPECT_NE(fact(fault.evidence(), "new_pids"), std::to_string(tree[0]));
  supervisor.signal(SIGKILL);
}

TEST(ProcessTarget, ATreeIsTheProcessAndWhatItStarted) {
  net::Child shell = *net::Child::start({"sh", "-c", "sleep 1000 & sleep 1000 & wait"}, {});
  const ProcessTarget target{{shell.pid()}, true};
  EXPECT_TRUE(eventually([&] { return target.resolve().size() == 3; }));
  EXPECT_EQ((ProcessTarget{{shell.pid()}}).resolve().size(), 1U);
  EXPECT_FALSE(CrashFault({{999'999'999}}, 0).probe());
  EXPECT_FALSE(CrashFault({{getpid()}}, 0).probe()) << "that would be us";
}

TEST(PauseFault, StopsAndResumes) {
  auto warden = *Warden::start();
  net::Child victim = sleeper();
  PauseFault fault(warden, {{victim.pid()}});
  ASSERT_TRUE(fault.probe());
  ASSERT_TRUE(fault.arm(kLong));
  ASSERT_TRUE(fault.start());
  EXPECT_TRUE(eventually([&] { return fault.evidence().shown; }));
  EXPECT_EQ(state_of(victim.pid()), 'T');
  EXPECT_FALSE(fault.verify_clean());
  EXPECT_FALSE(PauseFault(warden, {{victim.pid()}}).arm(kLong)) << "stopped already";
  ASSERT_TRUE(fault.stop());
  EXPECT_TRUE(eventually([&] { return fault.verify_clean().has_value(); }));
  EXPECT_TRUE(fault.evidence().shown) << "what happened, happened";
}

TEST(PauseFault, TheWardenResumesWhenItsTimeIsUp) {
  auto warden = *Warden::start();
  net::Child victim = sleeper();
  PauseFault fault(warden, {{victim.pid()}});
  ASSERT_TRUE(fault.arm(300 * core::kMillisecond));
  ASSERT_TRUE(fault.start());
  EXPECT_TRUE(eventually([&] { return fault.evidence().shown; }));
  EXPECT_TRUE(eventually([&] { return state_of(victim.pid()) == 'S'; })) << "nobody called stop()";
  EXPECT_TRUE(fault.stop());
}

// Stops `victim` from another process and has that one killed by SIGKILL.
void stop_and_die(pid_t victim, bool with_warden) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t gauntlet = fork();
  if (gauntlet == 0) {
    auto warden = *Warden::start();
    PauseFault fault(warden, {{victim}});
    if (!fault.arm(kLong) || !fault.start()) _exit(1);
    if (!with_warden) kill(warden.pid(), SIGKILL);
    (void)!write(ends[1], "s", 1);
    for (;;) pause();
  }
  close(ends[1]);
  char byte = 0;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  EXPECT_TRUE(eventually([&] { return state_of(victim) == 'T'; }));
  kill(gauntlet, SIGKILL);
  waitpid(gauntlet, nullptr, 0);
  close(ends[0]);
}

TEST(PauseFault, TheWardenResumesWhenGauntletIsKilled) {
  net::Child victim = sleeper();
  stop_and_die(victim.pid(), true);
  EXPECT_TRUE(eventually([&] { return state_of(victim.pid()) == 'S'; }));
}

TEST(PauseFault, ThatIsTheWardensDoing) {
  net::Child victim = sleeper();
  stop_and_die(victim.pid(), false);
  usleep(100'000);
  EXPECT_EQ(state_of(victim.pid()), 'T') << "without it nobody would";
  victim.signal(SIGKILL);
}

TEST(PauseFault, WithoutAWardenNothingIsStopped) {
  auto warden = *Warden::start();
  net::Child victim = sleeper();
  PauseFault fault(warden, {{victim.pid()}});
  ASSERT_TRUE(fault.arm(kLong));
  kill(warden.pid(), SIGKILL);
  const auto started = fault.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().text.find("warden"), std::string::npos);
  EXPECT_NE(state_of(victim.pid()), 'T');
}

class PauseInLab : public InLab {};
GAUNTLET_IN_LAB(PauseInLab);

TEST_P(PauseInLab, ReachesProcessesOfTheServer) {
  EXPECT_TRUE(passes_in_child([] {
    become_who_is_asked();
    auto warden = *Warden::start();
    const auto lab = *Lab::enter({});
    net::Child victim = *net::Child::start({"sleep", "1000"}, {.inside = &lab->server()});
    PauseFault fault(warden, {{victim.pid()}});
    ASSERT_TRUE(fault.probe());
    ASSERT_TRUE(fault.arm(300 * core::kMillisecond));
    ASSERT_TRUE(fault.start());
    EXPECT_TRUE(eventually([&] { return fault.evidence().shown; }));
    EXPECT_TRUE(eventually([&] { return state_of(victim.pid()) == 'S'; })) << "by the warden";
    CrashFault crash({{victim.pid()}}, 0);
    ASSERT_TRUE(crash.arm(kLong));
    ASSERT_TRUE(crash.start());
    EXPECT_TRUE(eventually([&] { return crash.evidence().shown; }));
    EXPECT_EQ(fact(crash.evidence(), "wait_status"), "killed by signal 9");
  }));
}

}  // namespace
}  // namespace gauntlet::chaos
