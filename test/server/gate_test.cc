#include "server/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

using core::kSecond;
using testing::HasSubstr;
using Kind = mcp::Message::Kind;

mcp::Message of(Kind kind, std::string_view method) {
  mcp::Message message;
  message.kind = kind;
  message.method = method;
  return message;
}

const mcp::Message kCall = of(Kind::request, "tools/call");
const mcp::Message kProgress = of(Kind::notification, "notifications/progress");
const mcp::Message kCancelled = of(Kind::notification, "notifications/cancelled");
const mcp::Message kPing = of(Kind::request, "ping");
const mcp::Message kResponse = of(Kind::response, "");

class GateTest : public testing::Test {
 protected:
  std::uint64_t refused(Reason reason) const {
    return counters_.refused[static_cast<std::size_t>(reason)];
  }
  Counters counters_;
};

TEST(PriorityOf, PutsOpeningsFirstAndNotificationsLast) {
  for (const char* method : {"initialize", "server/discover", "ping"})
    EXPECT_EQ(priority_of(of(Kind::request, method)), Priority::vital) << method;
  EXPECT_EQ(priority_of(of(Kind::response, "")), Priority::vital);
  EXPECT_EQ(priority_of(of(Kind::notification, "notifications/initialized")), Priority::vital);
  EXPECT_EQ(priority_of(of(Kind::notification, "notifications/cancelled")), Priority::vital);
  for (const char* method : {"tools/call", "tools/list", "resources/read", "x"})
    EXPECT_EQ(priority_of(of(Kind::request, method)), Priority::call) << method;
  EXPECT_EQ(priority_of(of(Kind::notification, "notifications/progress")), Priority::minor);
  EXPECT_EQ(priority_of(of(Kind::request, "logging/setLevel")), Priority::minor);
}

TEST_F(GateTest, IsOpenUnlessToldOtherwise) {
  Gate gate(FlowLimits{}, 100, counters_);
  Allowance client;
  EXPECT_FALSE(gate.measures());
  for (int i = 0; i < 10'000; ++i)
    ASSERT_FALSE(gate.admit(kProgress, take(client, gate.rate(), kSecond), kSecond));
}

TEST_F(GateTest, RefusesWhatIsOverTheRateAndSaysWhenToComeBack) {
  Gate gate({.messages_per_second = 0.5, .breaker = {}}, 100, counters_);
  Allowance client, other;
  EXPECT_FALSE(gate.admit(kCall, take(client, gate.rate(), kSecond), kSecond));
  const auto refusal = gate.admit(kCall, take(client, gate.rate(), kSecond), kSecond);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, -31429);
  EXPECT_EQ(refusal->http_status, 429);
  EXPECT_EQ(refusal->text, "rate limit exceeded");
  EXPECT_EQ(refusal->data, R"({"retryAfterMs":2001})");  // just over two seconds: not too early
  EXPECT_EQ(refusal->retry_after_seconds, 3u);
  EXPECT_FALSE(gate.admit(kCall, take(other, gate.rate(), kSecond), kSecond));
  EXPECT_EQ(refused(Reason::rate), 1u);
  EXPECT_EQ(refused(Reason::breaker), 0u);
}

TEST_F(GateTest, LetsPassOverTheRateWhatCannotBeRefused) {
  Gate gate({.messages_per_second = 0.5, .breaker = {}}, 100, counters_);
  EXPECT_TRUE(gate.admit(kPing, kSecond, kSecond));
  EXPECT_TRUE(gate.admit(kProgress, kSecond, kSecond));
  EXPECT_FALSE(gate.admit(kCancelled, kSecond, kSecond));
  EXPECT_FALSE(gate.admit(kResponse, kSecond, kSecond));
  EXPECT_EQ(refused(Reason::rate), 2u);
}

TEST_F(GateTest, RefusesCallsWhileTheBreakerIsOpen) {
  Gate gate({.messages_per_second = 0, .breaker = {.cpu_share = 0.5}}, 100, counters_);
  EXPECT_TRUE(gate.measures());
  EXPECT_FALSE(gate.sheds_notification());
  gate.observe(1, 0);
  EXPECT_FALSE(gate.admit(kCall, 0, kSecond));
  EXPECT_TRUE(gate.admit(kProgress, 0, kSecond));
  EXPECT_TRUE(gate.sheds_notification());
  EXPECT_EQ(counters_.notifications_shed, 1u);
  const auto refusal = gate.admit(kCall, 0, 2 * kSecond);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, -31503);
  EXPECT_EQ(refusal->http_status, 503);
  EXPECT_EQ(refusal->data, R"({"retryAfterMs":2000})");
  EXPECT_EQ(refusal->retry_after_seconds, 2u);
  EXPECT_FALSE(gate.admit(kPing, 0, 2 * kSecond));
  EXPECT_FALSE(gate.admit(kResponse, 0, 2 * kSecond));
  EXPECT_EQ(gate.breaker().state(), Breaker::State::open);
  EXPECT_EQ(gate.breaker().opened(), 1u);
  EXPECT_EQ(refused(Reason::breaker), 2u);
}

TEST_F(GateTest, ClosesAgainOverGoodProbes) {
  Gate gate({.messages_per_second = 0, .breaker = {.cpu_share = 0.5, .probes = 2}}, 100, counters_);
  gate.observe(1, 0);
  EXPECT_FALSE(gate.admit(kCall, 0, kSecond));
  EXPECT_TRUE(gate.admit(kCall, 0, 2 * kSecond));
  gate.observe(0, 0);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(gate.admit(kCall, 0, 10 * kSecond));
  EXPECT_TRUE(gate.admit(kCall, 0, 10 * kSecond));  // no more than two probes
  for (int i = 0; i < 2; ++i) gate.record(10 * kSecond, 1, false);
  EXPECT_FALSE(gate.admit(kProgress, 0, 10 * kSecond));
  EXPECT_EQ(gate.breaker().state(), Breaker::State::closed);
}

TEST_F(GateTest, TellsOfAFullQueueAndShedsTheMinorFirst) {
  Gate gate(FlowLimits{}, 100, counters_);
  EXPECT_FALSE(gate.observe_calls(50));
  EXPECT_TRUE(gate.observe_calls(81));
  EXPECT_FALSE(gate.admit(kProgress, 0, kSecond));
  EXPECT_FALSE(gate.sheds_notification());
  const auto told = gate.observe_calls(91);
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, HasSubstr(R"("queue":"calls","level":"high","used":91,"capacity":100)"));
  EXPECT_EQ(gate.calls_pressure(), Pressure::high);
  const auto refusal = gate.admit(kProgress, 0, kSecond);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->http_status, 503);
  EXPECT_TRUE(gate.sheds_notification());
  EXPECT_FALSE(gate.admit(kCall, 0, kSecond));
  EXPECT_FALSE(gate.admit(kPing, 0, kSecond));
  EXPECT_EQ(refused(Reason::queue), 1u);
}

}  // namespace
}  // namespace gauntlet::server
