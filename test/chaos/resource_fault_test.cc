#include "chaos/resource_fault.h"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "chaos/control_group.h"
#include "chaos/wire.h"
#include "net/child.h"

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kLong = 60 * core::kSecond;

net::Child shell(const std::string& script) {
  return *net::Child::start({"sh", "-c", script}, {.stdout_pipe = true, .quiet_stderr = true});
}

std::string group_of(pid_t pid, const std::string& controller) {
  const auto group = control_group_of(pid, controller);
  return group ? group->folder : group.error().text;
}

class GroupFaultTest : public testing::Test {
 protected:
  // False, with the reason, where this user may not make such groups.
  bool begin(GroupFault& fault, core::Nanos ttl = kLong) {
    if (const auto may = fault.probe(); !may) {
      skipped_ = may.error().text;
      return false;
    }
    EXPECT_TRUE(fault.arm(ttl));
    const auto started = fault.start();
    EXPECT_TRUE(started) << (started ? "" : started.error().text);
    return true;
  }
  std::string skipped_;
  Warden warden_ = *Warden::start();
};

TEST_F(GroupFaultTest, CpuIsThrottledAndGivenBack) {
  net::Child victim = shell("while :; do :; done");
  const std::string before = group_of(victim.pid(), "cpu");
  GroupFault fault(warden_, {{victim.pid()}}, {Resource::cpu, 0.05});
  if (!begin(fault)) GTEST_SKIP() << skipped_;
  EXPECT_NE(group_of(victim.pid(), "cpu"), before);
  EXPECT_TRUE(eventually([&] { return fault.evidence().shown; }));
  EXPECT_FALSE(fault.verify_clean());
  ASSERT_TRUE(fault.stop());
  EXPECT_TRUE(fault.verify_clean());
  EXPECT_EQ(group_of(victim.pid(), "cpu"), before);
  EXPECT_GT(number(fault.evidence(), "nr_throttled"), 0) << "kept from before the group went";
}

TEST_F(GroupFaultTest, MemoryRunsOut) {
  // It begins to eat once the fault is there; without it, it would get no further than a read.
  net::Child hungry = shell(
      "while grep -q -v gauntlet /proc/self/cgroup && ! grep -q gauntlet /proc/self/cgroup; do "
      "sleep 0.05; done; tail /dev/zero; echo $?; sleep 1000");
  GroupFault starve(warden_, {{hungry.pid()}}, {Resource::memory, 16.0 * 1024 * 1024});
  if (!begin(starve)) GTEST_SKIP() << skipped_;
  EXPECT_TRUE(eventually([&] { return number(starve.evidence(), "oom_kill") > 0; }));
  EXPECT_TRUE(starve.evidence().shown);
  EXPECT_EQ(*hungry.read_line(core::monotonic_ns() + kLong), "137") << "the kernel killed it";
  ASSERT_TRUE(starve.stop());
  EXPECT_TRUE(starve.verify_clean());
}

TEST_F(GroupFaultTest, TasksRunOut) {
  net::Child victim = shell("while :; do sleep 0.01 & wait; done");
  GroupFault fault(warden_, {{victim.pid()}}, {Resource::tasks, 1});
  if (!begin(fault)) GTEST_SKIP() << skipped_;
  EXPECT_TRUE(eventually([&] { return fault.evidence().shown; }));
  ASSERT_TRUE(fault.stop());
  EXPECT_TRUE(fault.verify_clean());
}

TEST_F(GroupFaultTest, TheWardenRemovesTheGroupWhenGauntletIsKilled) {
  net::Child victim = shell("while :; do sleep 0.1; done");
  const std::string before = group_of(victim.pid(), "pids");
  if (GroupFault fault(warden_, {{victim.pid()}}, {Resource::tasks, 50}); !fault.probe())
    GTEST_SKIP() << fault.probe().error().text;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t gauntlet = fork();
  if (gauntlet == 0) {
    auto warden = *Warden::start();
    GroupFault fault(warden, {{victim.pid()}}, {Resource::tasks, 50});
    if (!fault.arm(kLong) || !fault.start()) _exit(1);
    (void)!write(ends[1], "s", 1);
    for (;;) pause();
  }
  close(ends[1]);
  char byte = 0;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  const std::string during = group_of(victim.pid(), "pids");
  EXPECT_NE(during, before);
  kill(gauntlet, SIGKILL);
  waitpid(gauntlet, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(during); }));
  EXPECT_EQ(group_of(victim.pid(), "pids"), before);
  close(ends[0]);
}

TEST_F(GroupFaultTest, AnOrdinaryUserIsToldWhyNot) {
  net::Child victim = shell("sleep 1000");
  EXPECT_TRUE(passes_in_child([&] {
    if (geteuid() != 0) return;
    ASSERT_TRUE(become_ordinary());
    auto warden = *Warden::start();
    EXPECT_FALSE(GroupFault(warden, {{victim.pid()}}, {Resource::cpu, 1}).probe());
  }));
}

TEST(FilesFault, TheNextDescriptorIsRefusedUntilItIsOver) {
  auto warden = *Warden::start();
  net::Child victim = *net::Child::start(
      {"bash", "-c",
       "exec 3</dev/null 4</dev/null; echo ready; while :; do "
       "if (exec 2>&-; exec 9</dev/null) 2>/dev/null; then echo open; else echo refused; fi; "
       "sleep 0.05; done"},
      {.stdout_pipe = true, .quiet_stderr = true});
  const auto line = [&] { return victim.read_line(core::monotonic_ns() + kLong).value_or("none"); };
  const auto comes = [&](const std::string& text) {
    for (int i = 0; i < 200; ++i)
      if (line() == text) return true;
    return false;
  };
  ASSERT_TRUE(comes("open"));
  rlimit before{}, after{};
  prlimit(victim.pid(), RLIMIT_NOFILE, nullptr, &before);
  FilesFault fault(warden, {{victim.pid()}}, 5);
  ASSERT_TRUE(fault.probe());
  ASSERT_TRUE(fault.arm(kLong));
  ASSERT_TRUE(fault.start());
  EXPECT_TRUE(comes("refused"));
  EXPECT_TRUE(eventually([&] { return fault.evidence().shown; }));
  EXPECT_FALSE(fault.verify_clean());
  ASSERT_TRUE(fault.stop());
  EXPECT_TRUE(fault.verify_clean());
  EXPECT_TRUE(comes("open"));
  prlimit(victim.pid(), RLIMIT_NOFILE, nullptr, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_cur);
}

TEST(FilesFault, RoomLeftShowsNothing) {
  auto warden = *Warden::start();
  net::Child victim = *net::Child::start({"sleep", "1000"}, {});
  FilesFault fault(warden, {{victim.pid()}}, 100);
  ASSERT_TRUE(fault.arm(kLong));
  ASSERT_TRUE(fault.start());
  EXPECT_FALSE(fault.evidence().shown);
}

}  // namespace
}  // namespace gauntlet::chaos
