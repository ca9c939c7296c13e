#include "server/passages.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>

namespace gauntlet::server {
namespace {

class PassagesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    in_.reset(ends[0]);
    out_.reset(ends[1]);
  }

  Passages passages_ = Passages::open(2).value();
  core::Fd in_, out_;
};

TEST_F(PassagesTest, ADescriptorArrivesWithWhatIsSaidOfIt) {
  EXPECT_TRUE(passages_.send(1, {std::move(out_), 5, 6}));
  EXPECT_FALSE(passages_.receive(0));
  const auto handed = passages_.receive(1);
  ASSERT_TRUE(handed);
  EXPECT_EQ(handed->tag, 5u);
  EXPECT_EQ(handed->term, 6u);
  EXPECT_EQ(write(handed->socket.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(read(in_.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  EXPECT_FALSE(passages_.receive(1));
}

TEST_F(PassagesTest, WhereThereIsNoDescriptorLeftTheRestArrives) {
  EXPECT_TRUE(passages_.send(1, {std::move(out_), 5, 6}));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto handed = passages_.receive(1);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(handed);
  EXPECT_FALSE(handed->socket.valid());
  EXPECT_EQ(handed->tag, 5u);
}

}  // namespace
}  // namespace gauntlet::server
