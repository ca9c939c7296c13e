#include "core/proc.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "core/fd.h"

namespace gauntlet::core {
namespace {

// A child that computes on one core without end, and ends with the test at the latest.
class BusyChild {
 public:
  explicit BusyChild(const cpu_set_t& cores) : pid_(fork()) {
    if (pid_ != 0) return;
    alarm(60);
    sched_setaffinity(0, sizeof cores, &cores);
    for (std::atomic<int> spins = 0;; ++spins) {
    }
  }
  ~BusyChild() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  BusyChild(const BusyChild&) = delete;
  BusyChild& operator=(const BusyChild&) = delete;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

// The first of the cores that we may use.
cpu_set_t one_core() {
  cpu_set_t allowed, one;
  sched_getaffinity(0, sizeof allowed, &allowed);
  CPU_ZERO(&one);
  for (std::size_t core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core)
    if (CPU_ISSET(core, &allowed)) CPU_SET(core, &one);
  return one;
}

// A slow machine gets there later, but it does.
bool comes_true(const std::function<bool()>& condition) {
  const Nanos limit = monotonic_ns() + 30 * kSecond;
  while (!condition() && monotonic_ns() < limit) usleep(10'000);
  return condition();
}

TEST(ProcessTime, GrowsWhereAProcessComputes) {
  const BusyChild child(one_core());
  const std::array pids = {child.pid()};
  EXPECT_TRUE(comes_true([&] { return process_time(pids).cpu > 50 * kMillisecond; }));
}

TEST(ProcessTime, HasTheWaitOfProcessesThatShareACore) {
  const BusyChild one(one_core()), other(one_core());
  const std::array pids = {one.pid(), other.pid()};
  EXPECT_TRUE(comes_true([&] { return process_time(pids).run_queue_delay > 50 * kMillisecond; }));
  EXPECT_TRUE(comes_true([&] { return process_time(pids).cpu > 50 * kMillisecond; }));
}

TEST(ProcessTime, IsTheSumOfTheProcesses) {
  const BusyChild one(one_core()), other(one_core());
  const std::array both = {one.pid(), other.pid()};
  const auto of = [](pid_t pid) { return process_time(std::array{pid}); };
  for (const pid_t pid : both) {
    ASSERT_TRUE(comes_true([&] { return of(pid).cpu > 0 && of(pid).run_queue_delay > 0; }));
    kill(pid, SIGSTOP);
  }
  for (const pid_t pid : both) {  // stopped, not only about to be
    siginfo_t info{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED), 0);
  }
  const auto sum = process_time(both);
  EXPECT_EQ(sum.cpu, of(one.pid()).cpu + of(other.pid()).cpu);
  EXPECT_EQ(sum.run_queue_delay, of(one.pid()).run_queue_delay + of(other.pid()).run_queue_delay);
}

TEST(ProcessTime, OfAProcessThatIsGoneIsNothing) {
  pid_t gone = 0;
  {
    const BusyChild child(one_core());
    gone = child.pid();
  }
  const auto time = process_time(std::array{gone});
  EXPECT_EQ(time.cpu, 0);
  EXPECT_EQ(time.run_queue_delay, 0);
}

TEST(CpuTicks, OfACoreThatComputesAreNotIdle) {
  const CpuTicks before = cpu_ticks();
  EXPECT_GT(before.idle, 0U);
  const BusyChild child(one_core());
  ASSERT_TRUE(comes_true([&] { return cpu_ticks().total >= before.total + 50; }));
  const CpuTicks after = cpu_ticks();
  EXPECT_LT(after.idle - before.idle, after.total - before.total);
  EXPECT_GT(ticks_per_second(), 0);
  EXPECT_GT(online_cores(), 0U);
}

TEST(ProportionalBytes, IsAPartOfWhatIsResident) {
  const BusyChild child(one_core());
  const std::array both = {getpid(), child.pid()};
  const auto proportional = proportional_bytes(both);
  ASSERT_TRUE(proportional);
  EXPECT_GT(*proportional, 0U);
  EXPECT_LT(*proportional, resident_bytes(both).value()) << "a fork shares nearly everything";
  EXPECT_EQ(proportional_bytes(std::span<const pid_t>()), std::nullopt);
}

TEST(OwnThreads, AreNamedAndTheMainOneIsFirst) {
  std::atomic<bool> stop = false;
  std::jthread thread([&] {
    pthread_setname_np(pthread_self(), "worker bee");
    while (!stop) {
    }
  });
  const auto bee = [] {
    const auto threads = own_threads();
    EXPECT_EQ(threads.front().id, getpid());
    const auto found = std::ranges::find(threads, "worker bee", &ThreadTime::name);
    return found == threads.end() ? ThreadTime{} : *found;
  };
  EXPECT_TRUE(comes_true([&] { return bee().cpu > 10 * kMillisecond; }));
  stop = true;
}

TEST(Proc, CountsDescriptorsAndThreads) {
  const pid_t self[] = {getpid()};
  const auto before = process_holdings(self);
  EXPECT_GE(before.threads, 1U);
  const Fd first(dup(0)), second(dup(0));
  std::atomic<bool> done = false;
  std::thread thread([&] {
    while (!done) usleep(1000);
  });
  const auto after = process_holdings(self);
  done = true;
  thread.join();
  EXPECT_EQ(after.descriptors, before.descriptors + 2);
  EXPECT_GE(after.threads, before.threads + 1) << "a sanitizer may begin one of its own";
  const pid_t gone[] = {0};
  EXPECT_EQ(process_holdings(gone).threads, 0U);
}

}  // namespace
}  // namespace gauntlet::core
