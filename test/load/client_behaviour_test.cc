// What a client does about trouble: heartbeats, further attempts, broken answers, and the faults
// that it brings about itself. Against a server made by hand, so that each trouble is exact.
#include "load/fake_server.h"

namespace gauntlet::load {
namespace {

using run::ErrorClass;

class Behaviour : public SessionsTest {
 protected:
  using SessionsTest::SessionsTest;

  const run::Counts& counts() { return tally_.phase(0).counts; }
  std::uint64_t errors(ErrorClass error) {
    return counts().errors[static_cast<std::size_t>(error)];
  }
  std::uint64_t breaches(run::Breach breach) {
    return counts().breaches[static_cast<std::size_t>(breach)];
  }
  void expect_all_accounted_for() {
    EXPECT_EQ(counts().scheduled, counts().completed + run::sum(counts().errors));
    EXPECT_EQ(clients_->outstanding(), 0U);
  }
};

class BrokenStreams : public Behaviour {};

TEST_F(BrokenStreams, AreResumedAndNothingIsLost) {
  call();
  server_.streams_break = true;
  call();
  EXPECT_EQ(counts().completed, 2U);
  EXPECT_EQ(run::sum(counts().errors), 0U);
  EXPECT_EQ(server_.gets(), 1);
  EXPECT_EQ(server_.last_event_id(), "e1");
  EXPECT_EQ(tally_.second().counts.resumed, 1U);
  server_.streams_break = false;
  call();
  EXPECT_EQ(counts().completed, 3U) << "and calls go on as before";
  EXPECT_EQ(outcome().sessions_opened, 1U);
}

TEST_F(BrokenStreams, ThatCannotBeResumedAreIndeterminate) {
  server_.streams_break = server_.streams_forget = true;
  call();
  EXPECT_EQ(errors(ErrorClass::indeterminate), 1U);
  EXPECT_EQ(server_.gets(), 1);
  server_.streams_break = false;
  call();
  EXPECT_EQ(counts().completed, 1U);
  expect_all_accounted_for();
}

class Heartbeats : public Behaviour {
 protected:
  Heartbeats()
      : Behaviour([](run::Plan& plan) {
          plan.load.client.heartbeat = 20 * core::kMillisecond;
          plan.load.client.heartbeat_timeout = 50 * core::kMillisecond;
        }) {}
};

TEST_F(Heartbeats, AskASilentServerAndAreNoMessages) {
  call();
  turn_until([&] { return server_.asked("ping") >= 4; });
  EXPECT_EQ(counts().scheduled, 1U);
  EXPECT_EQ(counts().completed, 1U);
  EXPECT_GE(tally_.second().counts.heartbeats, 3U);
  call();
  EXPECT_EQ(counts().completed, 2U);
}

TEST_F(Heartbeats, ThatAreMissedMakeTheClientReconnect) {
  call();
  server_.silent = true;
  turn_until([&] { return outcome().drops >= 1; });
  EXPECT_GE(tally_.second().counts.heartbeats_missed, 1U);
  EXPECT_NE(tally_.second().first_signal, 0);
  server_.silent = false;
  call();
  EXPECT_EQ(counts().completed, 2U);
  EXPECT_EQ(outcome().sessions_kept, 1U) << "its session outlives the connection";
}

TEST_F(Heartbeats, TellWithACallInFlightToo) {
  turn_until([&] { return clients_->is_idle(0); });
  server_.silent = true;
  const core::Nanos now = core::monotonic_ns();
  tally_.scheduled(0);
  clients_->enqueue(0, now, 0, 0);
  clients_->send_queued(0);
  turn_until([&] { return clients_->outstanding() == 0; });
  EXPECT_EQ(errors(ErrorClass::indeterminate), 1U) << "given up long before its time-out";
  EXPECT_GE(tally_.second().counts.heartbeats_missed, 1U);
}

class Retries : public Behaviour {
 protected:
  explicit Retries(const std::function<void(run::ClientPlan&)>& change = [](run::ClientPlan&) {})
      : Behaviour([&](run::Plan& plan) {
          plan.load.timeout = 5 * core::kSecond;
          plan.load.client.retry = run::Retry::backoff;
          plan.load.client.retries = 2;
          plan.load.client.attempt_timeout = 50 * core::kMillisecond;
          plan.load.client.retry_budget = 1;
          change(plan.load.client);
        }) {}

  // So many messages that the budget allows what the test wants.
  void earn() {
    for (int i = 0; i < 20; ++i) call();
  }
};

TEST_F(Retries, CompleteTheMessageFromItsIntendedTime) {
  earn();
  server_.silent = true;
  const core::Nanos intended = core::monotonic_ns() - 40 * core::kMillisecond;
  tally_.scheduled(0);
  clients_->enqueue(0, intended, 0, 0);
  clients_->send_queued(0);
  turn_until([&] { return outcome().drops >= 1; });  // the first attempt is over
  server_.silent = false;
  turn_until([&] { return clients_->outstanding() == 0; });
  EXPECT_EQ(counts().completed, 21U);
  EXPECT_EQ(counts().scheduled, 21U) << "attempts are no messages";
  EXPECT_GE(counts().retries, 1U);
  const auto& latencies = tally_.phase(0).latencies;
  EXPECT_GE(latencies.response.max_us(), 40'000U + 49'000U);
  EXPECT_EQ(latencies.response.count(), 21U);
  expect_all_accounted_for();
}

TEST_F(Retries, AreBoundedAndEndAsTheirLastAttempt) {
  earn();
  server_.busy = true;
  call();
  EXPECT_EQ(counts().retries, 2U);
  EXPECT_EQ(errors(ErrorClass::http_status), 1U);
  EXPECT_EQ(run::sum(counts().errors), 1U) << "one message, one error";
  expect_all_accounted_for();
}

class ScarceRetries : public Retries {
 protected:
  ScarceRetries() : Retries([](run::ClientPlan& client) { client.retry_budget = 0.1; }) {}
};

TEST_F(ScarceRetries, AreAShareOfTheMessages) {
  earn();  // twenty messages earn two retries
  server_.busy = true;
  for (int i = 0; i < 5; ++i) call();
  EXPECT_EQ(counts().retries, 2U);
  EXPECT_EQ(errors(ErrorClass::http_status), 5U);
}

class Storm : public Retries {
 protected:
  Storm()
      : Retries([](run::ClientPlan& client) {
          client.retry = run::Retry::storm;
          client.attempt_timeout = 0;
        }) {}
};

TEST_F(Storm, KnowsNoBudget) {
  server_.busy = true;
  const core::Nanos now = core::monotonic_ns();
  turn_until([&] { return clients_->is_idle(0); });
  tally_.scheduled(0);
  clients_->enqueue(0, now, 0, 0);
  clients_->send_queued(0);
  turn_until([&] { return counts().retries >= 20; });
  server_.busy = false;
  turn_until([&] { return clients_->outstanding() == 0; });
  EXPECT_EQ(counts().completed, 1U);
  expect_all_accounted_for();
}

class NotIdempotent : public Behaviour {
 protected:
  NotIdempotent()
      : Behaviour([](run::Plan& plan) {
          plan.load.client.retry = run::Retry::storm;
          plan.load.mix[0].idempotent = false;
        }) {}
};

TEST_F(NotIdempotent, CallsAreNeverRepeated) {
  server_.busy = true;
  call();
  EXPECT_EQ(counts().retries, 0U);
  EXPECT_EQ(errors(ErrorClass::http_status), 1U);
}

TEST_F(Retries, ThatStillWaitAtTheEndAreErrors) {
  earn();
  server_.silent = true;
  const core::Nanos now = core::monotonic_ns();
  tally_.scheduled(0);
  clients_->enqueue(0, now, 0, 0);
  clients_->send_queued(0);
  turn_until([&] { return outcome().drops >= 1; });
  clients_->give_up_all();
  EXPECT_EQ(run::sum(counts().errors), 1U);
  expect_all_accounted_for();
}

class OwnFaults : public Behaviour {
 protected:
  run::FaultRecord disconnect(const std::string& how) {
    run::Fault fault;
    fault.id = "cut";
    fault.kind = "disconnect";
    fault.share = 1;
    fault.how = how;
    return clients_->disconnect(fault, core::monotonic_ns() - core::kSecond);
  }
  static std::string fact(const run::FaultRecord& record, std::string_view name) {
    for (const auto& [key, value] : record.evidence)
      if (key == name) return value;
    return "";
  }
};

TEST_F(OwnFaults, HalfClosedIsSeenByTheKernelAndEndsInAReconnection) {
  call();
  auto record = disconnect("half_close");
  EXPECT_TRUE(record.has_evidence);
  EXPECT_EQ(fact(record, "half_closed_refusing_output"), "1");
  EXPECT_EQ(clients_->ready(), 0U);
  EXPECT_EQ(clients_->victims_waiting(), 1U);
  call();
  EXPECT_EQ(clients_->victims_waiting(), 0U);
  EXPECT_EQ(server_.half_closes(), 1) << "the server saw FIN, not RST";
  clients_->note_reconnections(record, core::monotonic_ns() - 2 * core::kSecond);
  ASSERT_EQ(record.clients.size(), 1U);
  EXPECT_TRUE(record.clients[0].back_after_s);
  EXPECT_EQ(record.reconnected, 1U);
}

TEST_F(OwnFaults, AbandonedInTheMiddleOfARequest) {
  call();
  const int before = server_.asked("ping");
  auto record = disconnect("abandon");
  EXPECT_TRUE(record.has_evidence);
  EXPECT_NE(fact(record, "bytes_of_abandoned_requests"), "0");
  EXPECT_EQ(fact(record, "closed_by_reset"), "1");
  EXPECT_EQ(counts().scheduled, 1U) << "what was abandoned is no message";
  call();
  EXPECT_EQ(server_.asked("ping"), before + 1);
  const auto outages = clients_->outages(0);
  ASSERT_EQ(outages.size(), 1U);
  EXPECT_TRUE(outages[0].back_s);
}

TEST_F(OwnFaults, AVictimThatNeverComesBackSaysSo) {
  call();
  auto record = disconnect("reset");
  clients_->note_reconnections(record, 0);
  ASSERT_EQ(record.clients.size(), 1U);
  EXPECT_FALSE(record.clients[0].back_after_s);
  EXPECT_EQ(record.reconnected, 0U);
  EXPECT_FALSE(clients_->outages(0).at(0).back_s);
}

}  // namespace
}  // namespace gauntlet::load
