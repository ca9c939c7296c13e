// The loops that a test of net::Loop runs on: both, where the kernel lets us have io_uring.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/loop.h"

namespace gauntlet::net {

class OnEachLoop : public testing::TestWithParam<Io> {
 protected:
  explicit OnEachLoop(LoopLimits limits = {})
      : loop_(make_loop(check_io(GetParam()) ? GetParam() : Io::epoll, limits)) {}
  void SetUp() override {
    if (const auto possible = check_io(GetParam()); !possible)
      GTEST_SKIP() << possible.error().text;
  }

  std::unique_ptr<Loop> loop_;
};

inline const auto kEachLoop = testing::Values(Io::epoll, Io::io_uring);

inline std::string loop_name(const testing::TestParamInfo<Io>& info) {
  return info.param == Io::epoll ? "Epoll" : "IoUring";
}

}  // namespace gauntlet::net
