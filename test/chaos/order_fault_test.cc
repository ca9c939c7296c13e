#include "chaos/order_fault.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include "chaos/wire.h"
#include "net/child.h"

namespace gauntlet::chaos {
namespace {

namespace fs = std::filesystem;

constexpr core::Nanos kLong = 60 * core::kSecond;

class ExecFaultTest : public testing::Test {
 protected:
  ExecFaultTest() {
    std::string name = (fs::temp_directory_path() / "gauntlet-exec-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ExecFaultTest() override { fs::remove_all(folder_); }
  std::string mark() const { return folder_ + "/mark"; }
  ExecCommands commands() const {
    return {"touch " + mark(), "ls -l " + mark() + " >/dev/null 2>&1 && echo lines 7",
            "rm " + mark()};
  }

  std::string folder_;
  Warden warden_ = *Warden::start();
};

TEST_F(ExecFaultTest, StartsShowsAndStops) {
  ExecFault fault(warden_, commands());
  ASSERT_TRUE(fault.probe());
  ASSERT_TRUE(fault.arm(kLong));
  EXPECT_FALSE(fault.evidence().shown);
  ASSERT_TRUE(fault.start());
  EXPECT_TRUE(fault.evidence().shown);
  EXPECT_EQ(fact(fault.evidence(), "lines"), "7");
  EXPECT_FALSE(fault.verify_clean());
  EXPECT_FALSE(fault.probe()) << "evidence before the fault is none";
  ASSERT_TRUE(fault.stop());
  EXPECT_TRUE(fault.verify_clean());
  EXPECT_TRUE(fault.evidence().shown) << "what happened, happened";
}

TEST_F(ExecFaultTest, AStopThatDoesNothingIsNoticed) {
  ExecCommands lazy = commands();
  lazy.stop = "true";
  ExecFault fault(warden_, lazy);
  ASSERT_TRUE(fault.arm(kLong));
  ASSERT_TRUE(fault.start());
  ASSERT_TRUE(fault.stop());
  EXPECT_FALSE(fault.verify_clean());
}

TEST_F(ExecFaultTest, AStartThatFailsIsSaid) {
  ExecFault fault(warden_, {"exit 3", "false", "true"});
  ASSERT_TRUE(fault.arm(kLong));
  const auto started = fault.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text, "'exit 3' exited with status 3");
  EXPECT_FALSE(fault.evidence().shown);
}

TEST_F(ExecFaultTest, AllThreeCommandsAreNeeded) {
  EXPECT_FALSE(ExecFault(warden_, {"true", "", "true"}).probe());
}

TEST_F(ExecFaultTest, TheWardenStopsItWhenItsTimeIsUp) {
  ExecFault fault(warden_, commands());
  ASSERT_TRUE(fault.arm(200 * core::kMillisecond));
  ASSERT_TRUE(fault.start());
  EXPECT_TRUE(eventually([&] { return !fs::exists(mark()); }));
  std::ofstream(mark()) << "somebody else's";
  ASSERT_TRUE(fault.stop());
  EXPECT_TRUE(fs::exists(mark())) << "it is not stopped twice";
}

TEST_F(ExecFaultTest, TheWardenStopsItWhenGauntletIsKilled) {
  const pid_t gauntlet = fork();
  if (gauntlet == 0) {
    auto warden = *Warden::start();
    ExecFault fault(warden, commands());
    if (!fault.arm(kLong) || !fault.start()) _exit(1);
    for (;;) pause();
  }
  EXPECT_TRUE(eventually([&] { return fs::exists(mark()); }));
  kill(gauntlet, SIGKILL);
  waitpid(gauntlet, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !fs::exists(mark()); }));
}

TEST_F(ExecFaultTest, TheWardenUndoesInTheReverseOrder) {
  const std::string log = folder_ + "/log";
  {
    auto warden = *Warden::start();
    const core::Nanos later = core::monotonic_ns() + kLong;
    for (const std::string word : {"first", "second", "third"})
      ASSERT_TRUE(warden.note(Undo::command("echo " + word + " >>" + log), later));
    ASSERT_TRUE(warden.forget(2));
  }
  std::ifstream file(log);
  std::string one, two, none;
  file >> one >> two >> none;
  EXPECT_EQ(one + two + none, "thirdfirst");
}

}  // namespace
}  // namespace gauntlet::chaos
