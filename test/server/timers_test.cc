#include "server/timers.h"

#include <string>

#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

TEST(Timers, RunInOrderOfTimeThenOfMaking) {
  Timers timers;
  std::string ran;
  EXPECT_EQ(timers.next_ns(), Timers::kNever);
  timers.at(30, [&] { ran += 'd'; });
  timers.at(10, [&] { ran += 'a'; });
  timers.at(20, [&] { ran += 'b'; });
  timers.at(20, [&] { ran += 'c'; });
  EXPECT_EQ(timers.next_ns(), 10);
  timers.run_due(9);
  EXPECT_EQ(ran, "");
  timers.run_due(20);
  EXPECT_EQ(ran, "abc");
  EXPECT_EQ(timers.count(), 1U);
  timers.run_due(1000);
  EXPECT_EQ(ran, "abcd");
}

TEST(Timers, AnActionMayMakeAnother) {
  Timers timers;
  int ran = 0;
  timers.at(1, [&] {
    ++ran;
    timers.at(1, [&] { ++ran; });
    timers.at(5, [&] { ++ran; });
  });
  timers.run_due(1);
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(timers.next_ns(), 5);
}

}  // namespace
}  // namespace gauntlet::server
