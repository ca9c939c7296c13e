// What toxics make of bytes, in a time of the test's own.
#include "chaos/proxy_pipe.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kMs = core::kMillisecond;
constexpr std::size_t kAll = SIZE_MAX;

class PipeTest : public testing::Test {
 protected:
  void put(const std::string& text) {
    const auto toxic = parse_toxic(text);
    ASSERT_TRUE(toxic) << toxic.error().text;
    ASSERT_TRUE(board_->add(*toxic, core::monotonic_ns()));
    toxics_.refresh(core::monotonic_ns());
  }
  void send(std::string_view bytes, core::Nanos at) {
    shaper_.shape(ProxyStream::downstream, bytes, {.due_ns = at}, pipe_);
  }
  std::string out_at(core::Nanos now, StreamEnd* end = nullptr) {
    std::string out;
    const StreamEnd reached = pipe_.release(now, kAll, out);
    if (end != nullptr) *end = reached;
    return out;
  }
  ToxicCounters& counters() { return board_->counters(0); }

  ProxyBoard::Owner board_ = std::move(*ProxyBoard::make(1, 7));
  ProxyToxics toxics_{*board_, 0};
  ProxyShaper shaper_{toxics_, 1};
  ProxyPipe pipe_;
};

TEST_F(PipeTest, LatencyHoldsEachChunkForItsTime) {
  put("latency:ms=100");
  send("one", 0);
  send("two", 10 * kMs);
  EXPECT_EQ(out_at(100 * kMs - 1), "");
  EXPECT_EQ(pipe_.next_due_ns(), 100 * kMs);
  EXPECT_EQ(out_at(100 * kMs), "one");
  EXPECT_EQ(out_at(110 * kMs), "two");
  EXPECT_EQ(counters().connections, 1U);
  EXPECT_EQ(counters().chunks, 2U);
  EXPECT_EQ(counters().bytes, 6U);
}

TEST_F(PipeTest, JitterStaysWithinItsBounds) {
  put("latency:ms=100,jitter=30");
  core::Nanos least = INT64_MAX, most = 0;
  for (int i = 0; i < 500; ++i) {
    send("x", 0);
    least = std::min(least, pipe_.next_due_ns());
    most = std::max(most, pipe_.next_due_ns());
    EXPECT_EQ(out_at(INT64_MAX - 1), "x");
  }
  EXPECT_GE(least, 70 * kMs);
  EXPECT_LE(most, 130 * kMs);
  EXPECT_GT(most - least, 50 * kMs) << "it does vary";
}

TEST_F(PipeTest, BandwidthLetsSoMuchThroughASecond) {
  put("bandwidth:rate=10");  // KB a second
  send(std::string(5000, 'x'), 0);
  send(std::string(5000, 'y'), 0);
  EXPECT_EQ(out_at(100 * kMs).size(), 1000U);
  EXPECT_EQ(out_at(500 * kMs).size(), 4000U);
  EXPECT_EQ(out_at(1000 * kMs), std::string(5000, 'y'));
}

TEST_F(PipeTest, SlicesComeApart) {
  put("slicer:size=4,delay_us=1000");
  send("abcdefghij", 0);
  EXPECT_EQ(out_at(0), "abcd");
  EXPECT_EQ(out_at(1 * kMs), "efgh");
  EXPECT_EQ(out_at(2 * kMs), "ij");
  EXPECT_EQ(counters().chunks, 1U);
}

TEST_F(PipeTest, SlicesVaryAndLoseNothing) {
  put("slicer:size=8,variation=7,delay_us=1");
  std::string whole;
  for (int i = 0; i < 1000; ++i) whole += static_cast<char>('a' + i % 26);
  send(whole, 0);
  std::string out;
  std::vector<std::size_t> sizes;
  for (core::Nanos now = 0; !pipe_.empty(); now += core::kMicrosecond) {
    const std::string piece = out_at(now);
    ASSERT_LE(piece.size(), 15U);
    sizes.push_back(piece.size());
    out += piece;
  }
  EXPECT_EQ(out, whole);
  EXPECT_NE(std::ranges::min(sizes), std::ranges::max(sizes));
}

TEST_F(PipeTest, ALimitEndsTheConnectionAtItsByte) {
  put("limit_data:bytes=7");
  send("abcde", 0);
  StreamEnd end{};
  EXPECT_EQ(out_at(0, &end), "abcde");
  EXPECT_EQ(end, StreamEnd::none);
  EXPECT_EQ(counters().connections, 0U) << "not reached yet";
  send("fghij", 0);
  send("klm", 0);
  std::string out;
  while (end == StreamEnd::none) out += out_at(0, &end);
  EXPECT_EQ(out, "fg");
  EXPECT_EQ(end, StreamEnd::whole);
  EXPECT_EQ(out_at(0), "");
  EXPECT_EQ(counters().connections, 1U);
  EXPECT_EQ(counters().chunks, 1U) << "what comes after the end is nobody's";
}

TEST_F(PipeTest, ATimeoutStopsAllUntilItEnds) {
  put("timeout");
  send("held", 0);
  shaper_.shape_end(ProxyStream::downstream, 0, pipe_);
  EXPECT_EQ(out_at(INT64_MAX - 1), "");
  EXPECT_EQ(pipe_.next_due_ns(), INT64_MAX);
  EXPECT_EQ(pipe_.held_bytes(), 4U);
  ASSERT_TRUE(board_->remove("timeout"));
  const auto change = toxics_.refresh(core::monotonic_ns());
  EXPECT_EQ(change.ended, 1);
  pipe_.forgive(change.ended, 5);
  StreamEnd end{};
  EXPECT_EQ(out_at(5, &end), "held");
  EXPECT_EQ(end, StreamEnd::half);
}

TEST_F(PipeTest, WhatOneToxicLetsGoAnotherMayHold) {
  put("timeout");
  put("latency:ms=100");
  send("x", 0);
  ASSERT_TRUE(board_->remove("timeout"));
  pipe_.forgive(toxics_.refresh(core::monotonic_ns()).ended, 1);
  EXPECT_EQ(out_at(99 * kMs), "");
  EXPECT_EQ(out_at(100 * kMs), "x");
}

TEST_F(PipeTest, TheEndOfALatencyLetsGoWhatItHeld) {
  put("latency:ms=1000");
  send("x", 0);
  ASSERT_TRUE(board_->remove("latency"));
  pipe_.forgive(toxics_.refresh(core::monotonic_ns()).ended, 3);
  EXPECT_EQ(out_at(3), "x");
}

TEST_F(PipeTest, ASlowCloseHoldsTheEndAlone) {
  put("slow_close:ms=50");
  send("x", 0);
  shaper_.shape_end(ProxyStream::downstream, 0, pipe_);
  StreamEnd end{};
  EXPECT_EQ(out_at(0, &end), "x");
  EXPECT_EQ(end, StreamEnd::none);
  EXPECT_EQ(out_at(50 * kMs, &end), "");
  EXPECT_EQ(end, StreamEnd::half);
  EXPECT_EQ(counters().connections, 1U);
  EXPECT_EQ(counters().chunks, 0U);
}

TEST_F(PipeTest, TheOtherStreamIsLeftAlone) {
  put("latency:ms=100,stream=upstream");
  send("x", 0);
  EXPECT_EQ(out_at(0), "x");
  EXPECT_EQ(counters().chunks, 0U);
}

TEST_F(PipeTest, AShareOfConnectionsIsChosenBySeed) {
  put("down:share=0.3");
  int chosen = 0;
  for (std::uint64_t connection = 0; connection < 10'000; ++connection)
    chosen += toxics_.concerns(0, connection);
  EXPECT_NEAR(chosen, 3000, 190);  // four standard deviations
  const auto same = std::move(*ProxyBoard::make(1, 7)), other = std::move(*ProxyBoard::make(1, 8));
  for (auto* board : {same.get(), other.get()})
    ASSERT_TRUE(board->add(*parse_toxic("down:share=0.3"), core::monotonic_ns()));
  ProxyToxics again(*same, 0), differently(*other, 0);
  again.refresh(core::monotonic_ns());
  differently.refresh(core::monotonic_ns());
  int differing = 0;
  for (std::uint64_t connection = 0; connection < 1000; ++connection) {
    EXPECT_EQ(again.concerns(0, connection), toxics_.concerns(0, connection));
    differing += differently.concerns(0, connection) != toxics_.concerns(0, connection);
  }
  EXPECT_GT(differing, 0);
}

TEST_F(PipeTest, ReleasesNoMoreThanThereIsRoomFor) {
  put("slicer:size=10");
  send(std::string(100, 'x'), 0);
  std::string out;
  pipe_.release(0, 25, out);
  EXPECT_EQ(out.size(), 30U);
  EXPECT_EQ(pipe_.held_bytes(), 70U);
}

TEST(ProxyBoard, KeepsCountsOfWhatEndedUntilItsPlaceIsTaken) {
  const auto board = std::move(*ProxyBoard::make(1, 7));
  for (std::size_t i = 0; i < kToxicsMax; ++i) {
    auto toxic = *parse_toxic("down:name=t" + std::to_string(i));
    ASSERT_TRUE(board->add(toxic, 0));
    EXPECT_FALSE(board->add(toxic, 0)) << "the name is taken";
  }
  const auto one_more = board->add(*parse_toxic("down:name=more"), 0);
  ASSERT_FALSE(one_more);
  EXPECT_NE(one_more.error().text.find("16 toxics"), std::string::npos) << one_more.error().text;
  board->counters(3).bytes = 42;
  ASSERT_TRUE(board->remove("t3"));
  EXPECT_FALSE(board->remove("t3"));
  EXPECT_EQ(board->counters(3).bytes, 42U);
  EXPECT_FALSE(board->add(*parse_toxic("down:name=more"), 0)) << "somebody may count on";
  board->acknowledge(0, board->version());
  EXPECT_TRUE(board->settled());
  EXPECT_TRUE(board->add(*parse_toxic("down:name=more"), 0));
  EXPECT_EQ(board->counters(3).bytes, 0U);
}

}  // namespace
}  // namespace gauntlet::chaos
