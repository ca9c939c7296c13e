#include "core/lease.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdlib>

namespace gauntlet::core {
namespace {

namespace fs = std::filesystem;

class LeaseTest : public testing::Test {
 protected:
  LeaseTest() {
    std::string name = (fs::temp_directory_path() / "gauntlet-lease-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~LeaseTest() override { fs::remove_all(root_); }
  fs::path path() const { return root_ / "run" / "lease"; }

  // Another process that holds it, until it is killed.
  pid_t holder() const {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const auto lease = Lease::hold(path());
      const char good = lease ? 'y' : 'n';
      (void)!write(ends[1], &good, 1);
      for (;;) pause();
    }
    char said = 0;
    EXPECT_EQ(read(ends[0], &said, 1), 1);
    EXPECT_EQ(said, 'y');
    close(ends[0]);
    close(ends[1]);
    return pid;
  }
  static void kill_and_wait(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }

  fs::path root_;
};

TEST_F(LeaseTest, IsHeldByOneProcessAndGoesWithIt) {
  const pid_t other = holder();
  const auto second = Lease::hold(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::usage);
  auto watch = LeaseWatch::open(path(), 10);
  ASSERT_TRUE(watch);
  EXPECT_TRUE(watch->wanted(0));
  EXPECT_TRUE(watch->wanted(1'000));
  kill_and_wait(other);
  EXPECT_TRUE(watch->wanted(2'000)) << "for its patience";
  EXPECT_TRUE(watch->wanted(2'009));
  EXPECT_FALSE(watch->wanted(2'010));
}

TEST_F(LeaseTest, ASuccessorTakesItUp) {
  const pid_t first = holder();
  auto watch = LeaseWatch::open(path(), 10);
  ASSERT_TRUE(watch);
  kill_and_wait(first);
  EXPECT_TRUE(watch->wanted(0));
  const pid_t second = holder();
  EXPECT_TRUE(watch->wanted(100));
  kill_and_wait(second);
  EXPECT_TRUE(watch->wanted(200)) << "its patience begins anew";
  EXPECT_TRUE(watch->wanted(209));
}

TEST_F(LeaseTest, LeavesNothingBehindUnlessItIsToldTo) {
  {
    const auto lease = Lease::hold(path());
  }
  EXPECT_FALSE(fs::exists(path().parent_path()));
  {
    auto lease = Lease::hold(path());
    ASSERT_TRUE(lease);
    lease->leave();
  }
  EXPECT_TRUE(fs::exists(path()));
  const auto again = Lease::hold(path());
  EXPECT_TRUE(again);
}

TEST_F(LeaseTest, AFileThatIsNotThereCannotBeWatched) {
  EXPECT_FALSE(LeaseWatch::open(path(), 10));
}

}  // namespace
}  // namespace gauntlet::core
