#include "core/spsc_ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>

namespace gauntlet::core {
namespace {

TEST(SpscRing, IsEmptyThenFullThenEmpty) {
  SpscRing<int, 4> ring;
  EXPECT_FALSE(ring.pop());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(i));
  EXPECT_FALSE(ring.push(4));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ring.pop(), i);
  EXPECT_FALSE(ring.pop());
}

TEST(SpscRing, GoesRoundManyTimes) {
  SpscRing<int, 2> ring;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(ring.push(i));
    ASSERT_EQ(ring.pop(), i);
  }
}

TEST(SpscRing, HandsOverWhatCannotBeCopied) {
  SpscRing<std::unique_ptr<int>, 2> ring;
  EXPECT_TRUE(ring.push(std::make_unique<int>(5)));
  const auto popped = ring.pop();
  ASSERT_TRUE(popped);
  EXPECT_EQ(**popped, 5);
}

TEST(SpscRing, KeepsOrderBetweenTwoThreads) {
  constexpr std::uint64_t kItems = 200'000;
  SpscRing<std::unique_ptr<std::uint64_t>, 64> ring;
  std::thread producer([&ring] {
    for (std::uint64_t i = 0; i < kItems; ++i) {
      // A failed push takes its argument with it, so each try brings its own.
      while (!ring.push(std::make_unique<std::uint64_t>(i))) std::this_thread::yield();
    }
  });
  std::uint64_t out_of_order = 0;
  for (std::uint64_t expected = 0; expected < kItems;) {
    const auto item = ring.pop();
    if (!item) {
      std::this_thread::yield();
    } else {
      out_of_order += **item == expected++ ? 0 : 1;
    }
  }
  producer.join();
  EXPECT_EQ(out_of_order, 0U);
  EXPECT_FALSE(ring.pop());
}

}  // namespace
}  // namespace gauntlet::core
