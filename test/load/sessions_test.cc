// Sessions of stateful HTTP clients: kept over reconnections, opened anew when the server forgot.
#include <gtest/gtest.h>

#include "load/fake_server.h"

namespace gauntlet::load {
namespace {

TEST_F(SessionsTest, AreKeptOverReconnections) {
  call();
  for (const auto mode : {net::CloseMode::reset, net::CloseMode::orderly}) {
    cut(mode);
    if (mode == net::CloseMode::reset) turn_until([&] { return clients_->is_idle(0); });
    const core::Nanos now = core::monotonic_ns();
    tally_.scheduled(0);
    clients_->enqueue(0, now, 0, 0);  // a client that rests connects for it
    clients_->send_queued(0);
    turn_until([&] { return clients_->outstanding() == 0; });
  }
  EXPECT_EQ(server_.asked("initialize"), 1);
  EXPECT_EQ(server_.asked("notifications/initialized"), 1);
  EXPECT_EQ(outcome().completed, 3U);
  EXPECT_EQ(outcome().errors, 0U);
  EXPECT_EQ(outcome().sessions_opened, 1U);
  EXPECT_EQ(outcome().sessions_kept, 2U);
  EXPECT_EQ(outcome().sessions_lost, 0U);
}

TEST_F(SessionsTest, ThatTheServerForgotAreLostAndOpenedAnew) {
  call();
  server_.forget_sessions();
  call();
  call();
  EXPECT_EQ(server_.asked("initialize"), 2);
  EXPECT_EQ(outcome().completed, 2U);
  EXPECT_EQ(outcome().errors, 1U);
  EXPECT_EQ(outcome().sessions_opened, 2U);
  EXPECT_EQ(outcome().sessions_kept, 0U);
  EXPECT_EQ(outcome().sessions_lost, 1U);
}

TEST_F(SessionsTest, AreNotKeptBeforeACallWasAnswered) {
  call();
  cut(net::CloseMode::reset);
  turn_until([&] { return clients_->is_idle(0); });
  EXPECT_EQ(outcome().sessions_kept, 0U);
  server_.forget_sessions();
  call();
  EXPECT_EQ(outcome().sessions_kept, 0U);
  EXPECT_EQ(outcome().sessions_lost, 1U);
}

TEST_F(SessionsTest, AreConfirmedAgainWhereTheConnectionEndedFirst) {
  server_.cut_at_initialized = true;
  call();
  EXPECT_EQ(server_.asked("initialize"), 1);
  EXPECT_EQ(server_.asked("notifications/initialized"), 2);
  EXPECT_EQ(outcome().sessions_opened, 1U);
  EXPECT_EQ(outcome().sessions_kept, 1U);
}

}  // namespace
}  // namespace gauntlet::load
