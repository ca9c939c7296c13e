#include "server/event_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <ranges>

#include "server/shared_memory.h"
#include "server/stepped.h"

namespace gauntlet::server {
namespace {

constexpr std::size_t kCapacity = 512;
constexpr SessionKey kSession{1, 2};

// What a read finds, as text: "1:a 2:b", then "gap" and "ended" where they hold; "?": unknown.
std::string text(const EventRing::Found& found) {
  if (!found.known) return "?";
  std::string text;
  for (const auto& event : found.events | std::views::reverse)
    text += std::to_string(event.number) + ":" + found.bytes.substr(event.begin, event.size) + " ";
  if (found.gap) text += "gap ";
  if (found.ended) text += "ended ";
  return text.substr(0, text.size() - (text.empty() ? 0 : 1));
}

class Ring : public testing::Test {
 protected:
  std::uint64_t append(std::string_view json, bool final = false) {
    return ring_.append(kSession, 0, json, final);
  }
  std::string read(std::uint64_t after = 0) { return text(ring_.read(kSession, 0, after)); }

  SharedMemory memory_{EventRing::bytes_for(kCapacity)};
  SharedMemory copy_{EventRing::bytes_for(kCapacity)};
  EventRing ring_{memory_.data(), kCapacity};
};

TEST_F(Ring, GivesBackWhatWasAppendedInOrder) {
  EXPECT_EQ(append("a"), 1u);
  EXPECT_EQ(append("bb"), 2u);
  EXPECT_EQ(append(""), 3u);
  EXPECT_EQ(read(), "1:a 2:bb 3:");
  EXPECT_EQ(read(1), "2:bb 3:");
  EXPECT_EQ(read(3), "");
}

TEST_F(Ring, KnowsNothingOfOtherStreams) {
  EXPECT_EQ(read(), "?");
  append("a");
  EXPECT_EQ(text(ring_.read(kSession, 1, 0)), "?");
  EXPECT_EQ(text(ring_.read({1, 3}, 0, 0)), "?");
  EXPECT_EQ(text(ring_.read({2, 2}, 0, 0)), "?");
  EXPECT_EQ(read(2), "?");
}

TEST_F(Ring, NumbersEachStreamForItself) {
  append("a");
  EXPECT_EQ(ring_.append(kSession, 1, "b", false), 1u);
  EXPECT_EQ(ring_.append({1, 3}, 0, "c", false), 1u);
  EXPECT_EQ(append("d"), 2u);
  EXPECT_EQ(read(), "1:a 2:d");
  EXPECT_EQ(text(ring_.read(kSession, 1, 0)), "1:b");
}

TEST_F(Ring, SaysWhenAStreamHasEnded) {
  append("a");
  append("b", true);
  EXPECT_EQ(read(), "1:a 2:b ended");
  EXPECT_EQ(read(2), "ended");
}

TEST_F(Ring, GivesUpTheOldestAndSaysSo) {
  const std::string json(76, 'x');  // with its record 100 bytes
  for (int i = 0; i < 5; ++i) append(json);
  EXPECT_EQ(ring_.read(kSession, 0, 0).events.size(), 5u);
  EXPECT_FALSE(ring_.read(kSession, 0, 0).gap);
  append(json);
  EXPECT_EQ(ring_.read(kSession, 0, 0).events.size(), 5u);
  EXPECT_TRUE(ring_.read(kSession, 0, 0).gap);
  EXPECT_FALSE(ring_.read(kSession, 0, 1).gap);
}

TEST_F(Ring, GoesOnNumberingAStreamWhoseEventsAreGone) {
  append("a");
  for (int i = 0; i < 20; ++i) ring_.append({1, 3}, 0, std::string(90, 'x'), false);
  EXPECT_EQ(read(), "gap");
  EXPECT_EQ(read(1), "");
  EXPECT_EQ(append("b"), 2u);
  EXPECT_EQ(read(), "2:b gap");
  EXPECT_EQ(read(1), "2:b");
}

TEST_F(Ring, NumbersButDoesNotKeepWhatIsTooLarge) {
  append("a");
  EXPECT_EQ(append(std::string(kCapacity / 4, 'x')), 2u);
  EXPECT_EQ(append("c", true), 3u);
  EXPECT_EQ(read(), "1:a 3:c gap ended");
  EXPECT_EQ(read(2), "3:c ended");
}

TEST_F(Ring, ForgetsASession) {
  append("a");
  ring_.append(kSession, 5, "b", false);
  ring_.append({1, 3}, 0, "c", false);
  ring_.forget(kSession);
  EXPECT_EQ(read(), "?");
  EXPECT_EQ(text(ring_.read(kSession, 5, 0)), "?");
  EXPECT_EQ(text(ring_.read({1, 3}, 0, 0)), "1:c");
}

TEST_F(Ring, ManyEndedStreamsDoNotPushOutALiveOne) {
  append("a");
  for (std::uint32_t i = 1; i < 2000; ++i) ring_.append(kSession, i, "", true);
  EXPECT_EQ(read(1), "");
  EXPECT_EQ(append("b"), 2u);
}

TEST_F(Ring, ALiveStreamThatLostItsPlaceRepeatsNoNumber) {
  for (int i = 0; i < 7; ++i) append("a");
  std::uint32_t others = 1;
  while (read() != "?") ring_.append(kSession, others++, "", false);
  EXPECT_GE(others, 16u);
  EXPECT_EQ(append("b"), 8u);
  EXPECT_EQ(read(7), "8:b");
  EXPECT_EQ(read(3), "8:b gap");
}

// At every instruction of an append, and of the repair after it.
TEST_F(Ring, AnEventIsThereOrNotWheneverItsWriterDies) {
  std::string json(90, 'x');
  for (int i = 0; i < 9; ++i) append(json);
  const auto after_death = [&] {
    std::copy_n(memory_.data(), EventRing::bytes_for(kCapacity), copy_.data());
    EventRing ring(copy_.data(), kCapacity);
    ring.repair();
    const std::string found = text(ring.read(kSession, 0, 7));
    const std::uint64_t next = found.ends_with("10:new ended") ? 11 : 10;
    EXPECT_EQ(ring.append(kSession, 0, "next", false), next);
    EXPECT_TRUE(text(ring.read(kSession, 0, next - 1)).starts_with(std::to_string(next) + ":next"));
    return found;
  };
  const std::string before = "8:" + json + " 9:" + json;
  const std::string after = before + " 10:new ended";
  EXPECT_EQ(after_death(), before);
  bool changed = false;
  const std::size_t steps = step_through([&] { append("new", true); },
                                         [&] {
                                           const std::string now = after_death();
                                           changed = changed || now == after;
                                           ASSERT_EQ(now, changed ? after : before);
                                         });
  if (steps == 0) GTEST_SKIP() << "tracing is not permitted here";
  EXPECT_TRUE(changed);
  EXPECT_GT(steps, 50u);
}

}  // namespace
}  // namespace gauntlet::server
