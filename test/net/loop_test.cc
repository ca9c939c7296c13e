#include "net/loop.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "net/backends.h"
#include "net/child.h"
#include "net/recorder.h"

namespace gauntlet::net {
namespace {

constexpr core::Nanos kPatience = 10 * core::kSecond;

class LoopTest : public OnEachLoop {
 protected:
  template <typename Done>
  void turn_until(Done done) {
    const core::Nanos limit = core::monotonic_ns() + kPatience;
    while (!done() && core::monotonic_ns() < limit)
      loop_->turn(core::monotonic_ns() + 20 * core::kMillisecond);
    ASSERT_TRUE(done());
  }
  void connect_pair() {
    listener_ = *listen_on(*Endpoint::parse("127.0.0.1:auto"));
    loop_->listen(listener_.get(), server_, 7);
    stream_ = loop_->connect(*local_endpoint(listener_.get()), client_, 42);
    turn_until([&] { return !client_.connected.empty() && !server_.accepted.empty(); });
  }

  Recorder server_{*loop_}, client_{*loop_};
  core::Fd listener_;
  StreamId stream_;
};

TEST_P(LoopTest, EchoesAndKeepsTags) {
  connect_pair();
  server_.echo = true;
  loop_->output(stream_) += "hello";
  turn_until([&] { return client_.data == "hello"; });
  EXPECT_EQ(client_.tags, (std::vector<std::uint64_t>{42}));
  EXPECT_EQ(server_.tags, (std::vector<std::uint64_t>{7}));
}

TEST_P(LoopTest, ManyWritesBetweenTurnsArriveAsOneSend) {
  connect_pair();
  for (int i = 0; i < 100; ++i) loop_->output(stream_) += "x";
  turn_until([&] { return server_.data.size() == 100; });
  EXPECT_EQ(server_.tags.size(), 1U) << "one send, so one receive";
}

TEST_P(LoopTest, WhatAHandlerWritesLeavesWithinItsTurn) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
  const core::Fd peer(ends[1]);
  server_.echo = true;
  loop_->adopt(core::Fd(ends[0]), server_, 1);
  ASSERT_EQ(write(peer.get(), "x", 1), 1);
  loop_->turn(core::monotonic_ns());
  char answer = 0;
  EXPECT_EQ(read(peer.get(), &answer, 1), 1);
}

TEST_P(LoopTest, LargeOutputWaitsForTheSocketAndArrivesWhole) {
  connect_pair();
  loop_->pause_reading(server_.accepted[0], true);
  const std::string large(20'000'000, 'y');
  loop_->output(stream_) += large;
  for (int i = 0; i < 5; ++i) loop_->turn(core::monotonic_ns());
  EXPECT_GT(loop_->unsent_bytes(stream_), 0U);
  EXPECT_TRUE(server_.data.empty()) << "reading is paused";
  loop_->pause_reading(server_.accepted[0], false);
  turn_until([&] { return server_.data.size() == large.size(); });
  EXPECT_EQ(loop_->unsent_bytes(stream_), 0U);
}

TEST_P(LoopTest, TellsOrderlyEndsFromResets) {
  connect_pair();
  loop_->output(stream_) += "bye";
  loop_->close(stream_, CloseMode::orderly);
  EXPECT_FALSE(loop_->is_open(stream_));
  turn_until([&] { return !server_.closed.empty(); });
  EXPECT_EQ(server_.data, "bye");
  EXPECT_EQ(server_.closed[0], CloseReason::peer_closed);
  EXPECT_TRUE(client_.closed.empty()) << "the handler ordered it";

  stream_ = loop_->connect(*local_endpoint(listener_.get()), client_, 1);
  turn_until([&] { return client_.connected.size() == 2 && server_.accepted.size() == 2; });
  loop_->close(stream_, CloseMode::reset);
  turn_until([&] { return server_.closed.size() == 2; });
  EXPECT_EQ(server_.closed[1], CloseReason::reset);
  EXPECT_EQ(server_.errors[1], ECONNRESET);
}

TEST_P(LoopTest, AHalfClosedStreamCanStillBeWrittenTo) {
  connect_pair();
  server_.stays_half_open = true;
  shutdown(loop_->native_fd(stream_), SHUT_WR);
  turn_until([&] { return server_.half_closed == 1; });
  for (int i = 0; i < 5; ++i) loop_->turn(core::monotonic_ns());
  EXPECT_EQ(server_.half_closed, 1) << "told once";
  EXPECT_TRUE(server_.closed.empty());
  loop_->output(server_.accepted[0]) += "late";
  turn_until([&] { return client_.data == "late"; });
  loop_->close(server_.accepted[0], CloseMode::orderly);
  turn_until([&] { return !client_.closed.empty(); });
}

TEST_P(LoopTest, AHalfClosedStreamWhosePeerIsGoneEndsAtTheNextWrite) {
  connect_pair();
  server_.stays_half_open = true;
  loop_->close(stream_, CloseMode::orderly);
  turn_until([&] { return server_.half_closed == 1; });
  EXPECT_TRUE(server_.closed.empty()) << "a FIN says no more";
  loop_->output(server_.accepted[0]) += "is anybody there";
  turn_until([&] { return server_.closed.size() == 1; });
}

TEST_P(LoopTest, AUnixPeerThatClosedEndsAHalfClosedStreamAtOnce) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  server_.stays_half_open = true;
  loop_->adopt(core::Fd(ends[0]), server_, 1);
  core::Fd(ends[1]).reset();
  turn_until([&] { return server_.closed.size() == 1; });
  EXPECT_EQ(server_.closed[0], CloseReason::peer_closed);
}

TEST_P(LoopTest, AStreamCanBeHandedOver) {
  connect_pair();
  Recorder other{*loop_};
  loop_->hand_over(server_.accepted[0], other, 99);
  loop_->output(stream_) += "hello";
  turn_until([&] { return other.data == "hello"; });
  EXPECT_EQ(other.tags, (std::vector<std::uint64_t>{99}));
  EXPECT_TRUE(server_.data.empty());
  loop_->close(stream_, CloseMode::orderly);
  turn_until([&] { return other.closed.size() == 1; });
}

TEST_P(LoopTest, RefusedConnectionsAreReportedOnce) {
  // Bound and not listening: nobody answers there, and nobody else can begin to.
  const core::Fd taken(socket(AF_INET, SOCK_STREAM, 0));
  const auto any_port = Endpoint::parse("127.0.0.1:auto");
  ASSERT_EQ(bind(taken.get(), any_port->address(), any_port->length()), 0);
  const Endpoint nobody = *local_endpoint(taken.get());
  loop_->connect(nobody, client_, 3);
  turn_until([&] { return !client_.closed.empty(); });
  EXPECT_EQ(client_.closed[0], CloseReason::connect_failed);
  EXPECT_EQ(client_.errors[0], ECONNREFUSED);
  const auto missing = Endpoint::unix_path("/nonexistent/gauntlet.sock");
  loop_->connect(*missing, client_, 4);
  turn_until([&] { return client_.closed.size() == 2; });
  EXPECT_EQ(client_.errors[1], ENOENT);
}

TEST_P(LoopTest, StaleIdsAreHarmless) {
  connect_pair();
  loop_->close(stream_, CloseMode::orderly);
  loop_->output(stream_) += "into nothing";
  loop_->flush(stream_);
  loop_->close(stream_, CloseMode::reset);
  EXPECT_EQ(loop_->unsent_bytes(stream_), 0U);
  EXPECT_EQ(loop_->native_fd(stream_), -1);
  const StreamId next = loop_->connect(*local_endpoint(listener_.get()), client_, 5);
  EXPECT_EQ(next.slot, stream_.slot) << "the slot is used again…";
  EXPECT_FALSE(next == stream_) << "…under another generation";
}

TEST_P(LoopTest, AHandlerMayCloseItsStreamWhileItReads) {
  connect_pair();
  server_.close_on_data = true;
  loop_->output(stream_) += "x";
  turn_until([&] { return !client_.closed.empty(); });
  EXPECT_EQ(client_.closed[0], CloseReason::peer_closed);
}

TEST_P(LoopTest, NoBytesComeWhileReadingIsPausedAndAllComeAfterwards) {
  connect_pair();
  server_.pause_on_data = true;
  std::string sent;
  for (int i = 0; i < 30'000; ++i) sent += std::to_string(i) + ' ';
  loop_->output(stream_) += sent;
  for (std::size_t pauses = 1; server_.data.size() < sent.size(); ++pauses) {
    turn_until([&] { return server_.tags.size() == pauses; });
    for (int i = 0; i < 3; ++i) loop_->turn(core::monotonic_ns());
    ASSERT_EQ(server_.tags.size(), pauses) << "paused";
    loop_->pause_reading(server_.accepted[0], false);
  }
  EXPECT_TRUE(server_.data == sent);
}

TEST_P(LoopTest, TheEndComesAfterTheBytesThatAPauseHeldBack) {
  connect_pair();
  server_.pause_on_data = true;
  const std::string sent(200'000, 'z');
  loop_->output(stream_) += sent;
  turn_until([&] { return !server_.tags.empty() && loop_->unsent_bytes(stream_) == 0; });
  loop_->close(stream_, CloseMode::orderly);
  for (int i = 0; i < 5; ++i) loop_->turn(core::monotonic_ns());
  EXPECT_TRUE(server_.closed.empty());
  server_.pause_on_data = false;
  loop_->pause_reading(server_.accepted[0], false);
  turn_until([&] { return !server_.closed.empty(); });
  EXPECT_EQ(server_.data.size(), sent.size());
  EXPECT_EQ(server_.closed[0], CloseReason::peer_closed);
}

TEST_P(LoopTest, APausedStreamLearnsOfAReset) {
  connect_pair();
  loop_->pause_reading(server_.accepted[0], true);
  for (int i = 0; i < 3; ++i) loop_->turn(core::monotonic_ns());
  loop_->close(stream_, CloseMode::reset);
  turn_until([&] { return !server_.closed.empty(); });
  EXPECT_EQ(server_.closed[0], CloseReason::reset);
}

TEST_P(LoopTest, AHalfClosedStreamThatMustWaitForRoomDoesNotSpin) {
  connect_pair();
  server_.stays_half_open = true;
  loop_->pause_reading(stream_, true);
  shutdown(loop_->native_fd(stream_), SHUT_WR);
  turn_until([&] { return server_.half_closed == 1; });
  loop_->output(server_.accepted[0]) += std::string(20'000'000, 'y');
  for (int i = 0; i < 20; ++i) loop_->turn(core::monotonic_ns() + core::kMillisecond);
  int turns = 0;
  const core::Nanos end = core::monotonic_ns() + 100 * core::kMillisecond;
  for (; core::monotonic_ns() < end; ++turns) loop_->turn(end);
  EXPECT_LT(turns, 20);
  loop_->pause_reading(stream_, false);
  turn_until([&] { return client_.data.size() == 20'000'000U; });
}

TEST_P(LoopTest, AResetHasGoneOutWhenCloseReturns) {
  connect_pair();
  const int peer = loop_->native_fd(server_.accepted[0]);
  loop_->close(stream_, CloseMode::reset);
  pollfd seen{.fd = peer, .events = 0, .revents = 0};
  EXPECT_EQ(poll(&seen, 1, 0), 1);
  EXPECT_NE(seen.revents & POLLERR, 0);
}

TEST_P(LoopTest, WhatIsWrittenHasGoneOutWhenUnsentBytesSaysSo) {
  connect_pair();
  loop_->output(stream_) += "now";
  loop_->flush(stream_);
  EXPECT_EQ(loop_->unsent_bytes(stream_), 0U);
  loop_->end_output(stream_);
  std::array<char, 8> bytes{};
  EXPECT_EQ(recv(loop_->native_fd(server_.accepted[0]), bytes.data(), bytes.size(), MSG_PEEK), 3);
}

TEST_P(LoopTest, APortIsFreeOnceNobodyListens) {
  connect_pair();
  const Endpoint where = *local_endpoint(listener_.get());
  loop_->turn(core::monotonic_ns());
  loop_->stop_listening(listener_.get());
  listener_.reset();
  const auto again = listen_on(where);
  EXPECT_TRUE(again) << again.error().text;
}

TEST_P(LoopTest, ALoopThatEndsClosesItsStreams) {
  connect_pair();
  auto other = make_loop(GetParam());
  Recorder recorder{*other};
  const core::Fd listener = *listen_on(*Endpoint::parse("127.0.0.1:auto"));
  const StreamId stream = loop_->connect(*local_endpoint(listener.get()), client_, 1);
  turn_until([&] { return client_.connected.size() == 2; });
  ASSERT_TRUE(loop_->is_open(stream));
  other->adopt(core::Fd(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK)), recorder, 0);
  other->turn(core::monotonic_ns());
  other.reset();
  pollfd seen{.fd = loop_->native_fd(stream), .events = POLLRDHUP, .revents = 0};
  EXPECT_EQ(poll(&seen, 1, 0), 1) << "not some time later";
}

TEST_P(LoopTest, MoreStreamsThanBuffersLoseNothing) {
  constexpr std::size_t kStreams = 700;
  listener_ = *listen_on(*Endpoint::parse("127.0.0.1:auto"));
  loop_->listen(listener_.get(), server_, 7);
  std::vector<StreamId> streams;
  for (std::size_t i = 0; i < kStreams; ++i) {
    streams.push_back(loop_->connect(*local_endpoint(listener_.get()), client_, i));
    if (i % 100 == 99) turn_until([&] { return client_.connected.size() == streams.size(); });
  }
  turn_until([&] { return server_.accepted.size() == kStreams; });
  server_.echo = true;
  // To stop listening takes in what all of them have received meanwhile.
  const core::Fd other = *listen_on(*Endpoint::parse("127.0.0.1:auto"));
  server_.when_data = [&] {
    server_.when_data = nullptr;
    loop_->listen(other.get(), server_, 8);
    loop_->stop_listening(other.get());
  };
  const std::string message(50'000, 'm');
  for (const StreamId stream : streams) loop_->output(stream) += message;
  turn_until([&] { return client_.data.size() == kStreams * message.size(); });
  for (const StreamId stream : streams) loop_->close(stream, CloseMode::orderly);
  turn_until([&] { return server_.closed.size() == kStreams; });
}

TEST_P(LoopTest, WatchesOtherDescriptors) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const core::Fd read_end(ends[0]), write_end(ends[1]);
  int woken = 0;
  loop_->watch(read_end.get(), [&] {
    ++woken;
    loop_->unwatch(read_end.get());
  });
  ASSERT_EQ(write(write_end.get(), "x", 1), 1);
  turn_until([&] { return woken == 1; });
  loop_->turn(core::monotonic_ns());
  EXPECT_EQ(woken, 1);
}

TEST_P(LoopTest, AChildOnASocketIsAStreamLikeAnyOther) {
  auto child = Child::start({"cat"}, {.stdio_socket = true});
  ASSERT_TRUE(child);
  const StreamId stream = loop_->adopt(child->take_stdio(), client_, 9);
  loop_->output(stream) += "through cat\n";
  turn_until([&] { return client_.data == "through cat\n"; });
  loop_->close(stream, CloseMode::orderly);
  turn_until([&] { return child->poll_exit().has_value(); });
  EXPECT_EQ(child->poll_exit(), "exited with status 0");
}

INSTANTIATE_TEST_SUITE_P(On, LoopTest, kEachLoop, loop_name);

TEST(Child, SaysHowItEnded) {
  auto missing = Child::start({"gauntlet-no-such-program"}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text,
            "cannot start 'gauntlet-no-such-program': No such file or directory");
  auto killed = Child::start({"sleep", "100"}, {});
  ASSERT_TRUE(killed);
  EXPECT_FALSE(killed->poll_exit());
  killed->signal(9);
  EXPECT_EQ(killed->stop(kPatience), "killed by signal 9");
}

TEST(Child, ReadsLines) {
  auto child = Child::start({"sh", "-c", "echo one; echo two; exit 3"}, {.stdout_pipe = true});
  ASSERT_TRUE(child);
  const core::Nanos deadline = core::monotonic_ns() + kPatience;
  EXPECT_EQ(*child->read_line(deadline), "one");
  EXPECT_EQ(*child->read_line(deadline), "two");
  EXPECT_EQ(child->read_line(deadline).error().text, "it ended: exited with status 3");
}

}  // namespace
}  // namespace gauntlet::net
