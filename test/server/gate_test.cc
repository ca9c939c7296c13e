#include "server/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

using core::kMillisecond;
using core::kSecond;
using testing::HasSubstr;
using Kind = mcp::Message::Kind;

Priority priority(Kind kind, std::string_view method) {
  mcp::Message message;
  message.kind = kind;
  message.method = method;
  return priority_of(message);
}

std::string metrics(const Gate& gate) {
  std::string text;
  gate.append_metrics(text);
  return text;
}

TEST(PriorityOf, PutsOpeningsFirstAndNotificationsLast) {
  for (const char* method : {"initialize", "server/discover", "ping"})
    EXPECT_EQ(priority(Kind::request, method), Priority::vital) << method;
  EXPECT_EQ(priority(Kind::response, ""), Priority::vital);
  EXPECT_EQ(priority(Kind::notification, "notifications/initialized"), Priority::vital);
  EXPECT_EQ(priority(Kind::notification, "notifications/cancelled"), Priority::vital);
  for (const char* method : {"tools/call", "tools/list", "resources/read", "x"})
    EXPECT_EQ(priority(Kind::request, method), Priority::call) << method;
  EXPECT_EQ(priority(Kind::notification, "notifications/progress"), Priority::minor);
  EXPECT_EQ(priority(Kind::request, "logging/setLevel"), Priority::minor);
}

TEST(Gate, IsOpenUnlessToldOtherwise) {
  Gate gate(FlowLimits{}, 100);
  Allowance client;
  EXPECT_FALSE(gate.charges());
  for (int i = 0; i < 10'000; ++i)
    ASSERT_FALSE(gate.admit(Priority::minor, gate.charge(client, kSecond), kSecond));
}

TEST(Gate, RefusesWhatIsOverTheRateAndSaysWhenToComeBack) {
  Gate gate({.messages_per_second = 0.5, .breaker = {}}, 100);
  EXPECT_TRUE(gate.charges());
  Allowance client, other;
  EXPECT_FALSE(gate.admit(Priority::call, gate.charge(client, kSecond), kSecond));
  const auto refusal = gate.admit(Priority::call, gate.charge(client, kSecond), kSecond);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, -31429);
  EXPECT_EQ(refusal->http_status, 429);
  EXPECT_EQ(refusal->text, "rate limit exceeded");
  EXPECT_EQ(refusal->data, R"({"retryAfterMs":2001})");  // just over two seconds: not too early
  EXPECT_EQ(refusal->retry_after_seconds, 3u);
  EXPECT_FALSE(gate.admit(Priority::call, gate.charge(other, kSecond), kSecond));
  EXPECT_THAT(metrics(gate), HasSubstr("gauntlet_server_refused_total{reason=\"rate\"} 1\n"));
  EXPECT_THAT(metrics(gate), HasSubstr("gauntlet_server_refused_total{reason=\"overload\"} 0\n"));
}

TEST(Gate, RefusesCallsWhileTheBreakerIsOpen) {
  Gate gate({.messages_per_second = 0, .breaker = {.cpu_share = 0.5}}, 100);
  gate.breaker().observe(1, 0);
  EXPECT_FALSE(gate.admit(Priority::call, 0, kSecond));
  EXPECT_TRUE(gate.admit(Priority::minor, 0, kSecond));
  const auto refusal = gate.admit(Priority::call, 0, 2 * kSecond);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, -31503);
  EXPECT_EQ(refusal->http_status, 503);
  EXPECT_EQ(refusal->data, R"({"retryAfterMs":2000})");
  EXPECT_EQ(refusal->retry_after_seconds, 2u);
  EXPECT_FALSE(gate.admit(Priority::vital, 0, 2 * kSecond));
  EXPECT_THAT(metrics(gate), HasSubstr("gauntlet_server_breaker_state{state=\"open\"} 1\n"));
  EXPECT_THAT(metrics(gate), HasSubstr("gauntlet_server_breaker_state{state=\"closed\"} 0\n"));
  EXPECT_THAT(metrics(gate), HasSubstr("gauntlet_server_breaker_opened_total 1\n"));
}

TEST(Gate, TellsOfAFullQueue) {
  Gate gate(FlowLimits{}, 100);
  EXPECT_FALSE(gate.observe_calls(50));
  const auto told = gate.observe_calls(91);
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, HasSubstr(R"("queue":"calls","level":"high","used":91,"capacity":100)"));
  EXPECT_THAT(metrics(gate), HasSubstr("gauntlet_server_queue_pressure{queue=\"calls\"} 2\n"));
}

}  // namespace
}  // namespace gauntlet::server
