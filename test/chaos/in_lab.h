// In lab: a test body in a process of its own that has entered the lab, as root and as an ordinary
// user. A lab cannot be left, so the body cannot run in the test program itself.
// Skips, with the reason, where there can be no lab.
#pragma once

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "chaos/lab.h"
#include "core/clock.h"

namespace gauntlet::chaos {

inline constexpr uid_t kOrdinaryUser = 65534;

// True where the body made no assertion fail. What failed is printed by the child.
inline bool passes_in_child(const std::function<void()>& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    body();
    std::fflush(stdout);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// As after a log-in: a process that has changed its user could not open its own /proc files.
inline bool become_ordinary() {
  return setgroups(0, nullptr) == 0 && setgid(kOrdinaryUser) == 0 && setuid(kOrdinaryUser) == 0 &&
         prctl(PR_SET_DUMPABLE, 1) == 0;
}

// 'R', 'S', 'T', 'Z' as in /proc; 0 where there is no such process.
inline char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t paren = line.rfind(')');
  return paren == std::string::npos ? '\0' : line.at(paren + 2);
}
inline bool runs(pid_t pid) { return state_of(pid) != '\0' && state_of(pid) != 'Z'; }

// Whether it comes true within a patience that only a broken program exhausts.
inline bool eventually(const std::function<bool()>& condition) {
  const core::Nanos limit = core::monotonic_ns() + 20 * core::kSecond;
  while (!condition() && core::monotonic_ns() < limit) usleep(2'000);
  return condition();
}

// The parameter: whether as an ordinary user.
class InLab : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && geteuid() != 0) GTEST_SKIP() << "we are an ordinary user already";
    if (const auto lab = Lab::available(); !lab) GTEST_SKIP() << lab.error().text;
  }
  static void become_who_is_asked() { ASSERT_TRUE(!GetParam() || become_ordinary()); }
  static void in_lab(const std::function<void(Lab&)>& body, const LabOptions& options = {}) {
    EXPECT_TRUE(passes_in_child([&] {
      become_who_is_asked();
      const auto lab = Lab::enter(options);
      ASSERT_TRUE(lab) << lab.error().text;
      body(**lab);
    }));
  }
};

inline std::string user_name(const testing::TestParamInfo<bool>& info) {
  return info.param ? "AsOrdinaryUser" : "AsWeAre";
}

#define GAUNTLET_IN_LAB(suite) \
  INSTANTIATE_TEST_SUITE_P(Lab, suite, testing::Bool(), ::gauntlet::chaos::user_name)

}  // namespace gauntlet::chaos
