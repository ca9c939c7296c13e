#include "chaos/worker_kill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "chaos/scrape.h"

namespace gauntlet::chaos {
namespace {

// A process with two children; it replaces those that die, if it is a good one.
class Supervisor {
 public:
  explicit Supervisor(bool replaces) : pid_(fork()) {
    if (pid_ == 0) supervise(replaces);
    while (children().size() != 2) usleep(1'000);
  }
  ~Supervisor() {
    kill(pid_, SIGKILL);  // its children end with it
    waitpid(pid_, nullptr, 0);
  }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  pid_t pid() const { return pid_; }
  std::vector<pid_t> children() const {
    const std::string pid = std::to_string(pid_);
    std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
    return {std::istream_iterator<pid_t>(file), {}};
  }

 private:
  static void end_with(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);  // it has ended already
  }
  static void start_one() {
    const pid_t parent = getpid();
    if (fork() != 0) return;
    end_with(parent);
    for (;;) pause();
  }
  [[noreturn]] static void supervise(bool replaces) {
    alarm(60);
    start_one();
    start_one();
    for (;;)
      if (waitpid(-1, nullptr, 0) > 0 && replaces) start_one();
  }

  pid_t pid_;
};

std::map<std::string, std::string> facts(WorkerKill& kill) {
  const auto seen = kill.evidence();
  return {seen.facts.begin(), seen.facts.end()};
}

bool shown_in_time(WorkerKill& kill) {
  const core::Nanos limit = core::monotonic_ns() + 30 * core::kSecond;
  while (!kill.evidence().shown && core::monotonic_ns() < limit) usleep(1'000);
  return kill.evidence().shown;
}

TEST(WorkerKill, KillsOneWorkerAndSeesItsSuccessor) {
  const Supervisor supervisor(true);
  const auto before = supervisor.children();
  WorkerKill kill(supervisor.pid(), std::nullopt, core::Random(1));
  ASSERT_TRUE(kill.arm(core::kSecond));
  EXPECT_FALSE(kill.evidence().shown) << "not before it was started";
  EXPECT_EQ(facts(kill).at("pidfd"), "not signalled");
  ASSERT_TRUE(kill.start());
  ASSERT_TRUE(shown_in_time(kill));
  const core::Nanos limit = core::monotonic_ns() + 30 * core::kSecond;
  while (!kill.succeeded_at() && core::monotonic_ns() < limit) kill.evidence();
  EXPECT_TRUE(kill.stop());
  const auto known = facts(kill);
  EXPECT_EQ(known.at("workers"), "2");
  EXPECT_TRUE(known.at("pidfd").starts_with("ended within ")) << known.at("pidfd");
  const auto after = supervisor.children();
  EXPECT_THAT(before, testing::Contains(std::stoi(known.at("killed_pid"))));
  EXPECT_THAT(after, testing::Not(testing::Contains(std::stoi(known.at("killed_pid")))));
  EXPECT_THAT(after, testing::Contains(std::stoi(known.at("successor_pid"))));
  EXPECT_TRUE(kill.verify_clean());
}

TEST(WorkerKill, MissingSuccessorIsTheServersFailureAndNotTheFaults) {
  const Supervisor supervisor(false);
  WorkerKill kill(supervisor.pid(), std::nullopt, core::Random(1));
  ASSERT_TRUE(kill.arm(core::kSecond));
  ASSERT_TRUE(kill.start());
  ASSERT_TRUE(shown_in_time(kill));
  while (supervisor.children().size() != 1) usleep(1'000);
  EXPECT_TRUE(kill.stop());
  EXPECT_TRUE(kill.evidence().shown);
  EXPECT_EQ(facts(kill).at("successor_pid"), "none");
  const auto clean = kill.verify_clean();
  ASSERT_FALSE(clean);
  EXPECT_EQ(clean.error().text, "1 of 2 workers are there");
}

TEST(WorkerKill, NeedsWorkers) {
  WorkerKill kill(getpid(), std::nullopt, core::Random(1));  // a test has no children
  const auto possible = kill.probe();
  ASSERT_FALSE(possible);
  EXPECT_THAT(possible.error().text, testing::HasSubstr("has no workers to kill"));
  EXPECT_FALSE(kill.arm(core::kSecond));
}

TEST(WorkerKill, DoesNotTakeADeathThatWasNotItsOwn) {
  const Supervisor supervisor(false);
  WorkerKill kill(supervisor.pid(), std::nullopt, core::Random(1));
  ASSERT_TRUE(kill.arm(core::kSecond));
  ::kill(std::stoi(facts(kill).at("killed_pid")), SIGKILL);
  while (supervisor.children().size() != 1) usleep(1'000);
  EXPECT_FALSE(kill.start());
  EXPECT_FALSE(kill.evidence().shown);
}

TEST(Scrape, WithoutAServerIsNothing) {
  EXPECT_EQ(metric_at(*net::Endpoint::parse("127.0.0.1:1"), "anything"), std::nullopt);
}

}  // namespace
}  // namespace gauntlet::chaos
