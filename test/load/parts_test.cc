// The parts of the load engine that are pure: nonces, schedules, call rings, request templates.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>
#include <map>

#include "load/call_ring.h"
#include "load/nonce.h"
#include "load/request_template.h"
#include "load/schedule.h"
#include "load/tally.h"
#include "load/verify.h"

namespace gauntlet::load {
namespace {

RC_GTEST_PROP(Nonce, DecodesToTheCallItNames,
              (std::uint64_t salt, std::uint32_t c, std::uint64_t s)) {
  const NonceCoder coder(salt);
  const CallName call{c & 0xFFFFFF, s & ((1ULL << 40) - 1)};
  RC_ASSERT(coder.decode(coder.encode(call)) == call);
}

TEST(Nonce, IsWrittenAsSixteenHexDigits) {
  char text[17] = {};
  NonceCoder::write(text, 0x0123456789abcdefULL);
  EXPECT_STREQ(text, "0123456789abcdef");
}

RC_GTEST_PROP(Nonce, IsWrittenAsThePrinterDoes, (std::uint64_t nonce)) {
  char text[17] = {}, expected[17] = {};
  NonceCoder::write(text, nonce);
  std::snprintf(expected, sizeof expected, "%016llx", static_cast<unsigned long long>(nonce));
  RC_ASSERT(std::string(text) == expected);
}

TEST(Nonce, IsFoundInAnAnswerOfItsRunOnly) {
  const NonceCoder coder(0x9E3779B97F4A7C15ULL), other_run(0x2545F4914F6CDD1DULL);
  const CallName call{12, 345};
  std::string text = R"({"id":1,"text":"abc )" + std::string(16, '?') + "\"}";
  NonceCoder::write(text.data() + text.find('?'), coder.encode(call));
  EXPECT_EQ(find_nonce({text.data(), text.size()}, coder, 150), call);
  EXPECT_EQ(find_nonce({text.data(), text.size()}, coder, 12), std::nullopt) << "no such client";
  EXPECT_EQ(find_nonce({text.data(), text.size()}, other_run, 150), std::nullopt);
}

TEST(Schedule, ConstantArrivalsAreEvenAndInTurn) {
  Schedule schedule(run::Arrivals::constant, 1000, 4, 3, 5'000, 0.5, core::Random(1));
  for (std::uint64_t i = 0; i < 100'000; ++i, schedule.advance()) {
    const double expected = (static_cast<double>(i) + 0.5) * 4e6;
    EXPECT_EQ(schedule.next().due, 5'000 + static_cast<core::Nanos>(expected));
    ASSERT_EQ(schedule.next().client, i % 3);
  }
}

TEST(Schedule, PoissonArrivalsHaveTheRateAndSpreadOfTheory) {
  constexpr int kArrivals = 200'000;
  Schedule schedule(run::Arrivals::poisson, 1000, 1, 10, 0, 0, core::Random(7));
  std::map<std::uint32_t, int> per_client;
  double sum_squares = 0;
  core::Nanos last = 0;
  for (int i = 0; i < kArrivals; ++i, schedule.advance()) {
    const double gap = static_cast<double>(schedule.next().due - last) / 1e6;  // mean 1 ms
    sum_squares += gap * gap;
    last = schedule.next().due;
    ++per_client[schedule.next().client];
  }
  EXPECT_NEAR(static_cast<double>(last) / 1e9, kArrivals / 1000.0, 2.0);  // 4.5 sigma
  EXPECT_NEAR(sum_squares / kArrivals, 2.0, 0.05) << "exponential gaps: E[gap^2] = 2 mean^2";
  for (const auto& [client, n] : per_client) EXPECT_NEAR(n, kArrivals / 10, 700) << client;
}

TEST(Schedule, TheSameSeedGivesTheSameArrivals) {
  Schedule a(run::Arrivals::poisson, 10, 1, 5, 0, 0, core::Random(3));
  Schedule b(run::Arrivals::poisson, 10, 1, 5, 0, 0, core::Random(3));
  for (int i = 0; i < 1000; ++i, a.advance(), b.advance()) {
    ASSERT_EQ(a.next().due, b.next().due);
    ASSERT_EQ(a.next().client, b.next().client);
  }
}

TEST(CallRing, FinishedCallsStayKnownUntilTheirSlotIsUsedAgain) {
  CallRing ring;
  for (int i = 0; i < 4; ++i) ring.push().state = Call::State::queued;
  EXPECT_EQ(ring.queued(), 4U);
  for (int i = 0; i < 3; ++i) ring.send_next().state = Call::State::sent;
  ring.at(1).state = Call::State::completed;
  ring.advance();
  EXPECT_EQ(ring.oldest(), 0U) << "the first is still in flight";
  ring.at(0).state = Call::State::completed;
  ring.advance();
  EXPECT_EQ(ring.oldest(), 2U);
  ASSERT_NE(ring.find(0), nullptr);
  EXPECT_EQ(ring.find(0)->state, Call::State::completed);
  EXPECT_EQ(ring.find(4), nullptr) << "not yet there";
  EXPECT_EQ(ring.queued(), 1U);
}

RC_GTEST_PROP(CallRing, GrowsWithoutLosingCalls, ()) {
  CallRing ring;
  const auto steps = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
  std::uint64_t pushed = 0, finished = 0;
  for (const bool push : steps) {
    if (push || finished == pushed) {
      Call& call = ring.push();
      call.state = Call::State::sent;
      call.intended = static_cast<core::Nanos>(pushed++);
      ring.send_next();
    } else {
      ring.at(finished++).state = Call::State::completed;
      ring.advance();
    }
    for (std::uint64_t s = finished; s < pushed; ++s)
      RC_ASSERT(ring.at(s).intended == static_cast<core::Nanos>(s));
    RC_ASSERT(ring.oldest() == finished);
  }
}

Target http_target() {
  Target target;
  target.url = *net::Url::parse("http://127.0.0.1:8080/mcp");
  target.headers = {{"X-Test", "1"}};
  target.revision = mcp::Revision::v2025_11_25;
  return target;
}

TEST(RequestTemplate, OnlyIdNonceAndSessionChange) {
  const Target target = http_target();
  const RequestTemplate prepared(
      target, mcp::tool_call(target.revision, "echo", R"({"message":"{{nonce}}"})"));
  std::string out;
  prepared.append(out, "Mcp-Session-Id: abc\r\n", 1'000'000'042, 0xfeedULL);
  const std::string body = R"({"jsonrpc":"2.0","id":1000000042,"method":"tools/call","params":)"
                           R"({"name":"echo","arguments":{"message":"000000000000feed"}}})";
  EXPECT_EQ(out,
            "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
            "Accept: application/json, text/event-stream\r\n"
            "MCP-Protocol-Version: 2025-11-25\r\nX-Test: 1\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\nMcp-Session-Id: abc\r\n\r\n" + body);
}

TEST(RequestTemplate, LinesEndWithANewline) {
  Target target;
  target.url = *net::Url::parse("tcp://127.0.0.1:1");
  const RequestTemplate prepared(target, mcp::plain_request(mcp::Revision::v2025_11_25, "ping"));
  std::string out;
  prepared.append(out, "ignored", 1'000'000'000, 0);
  EXPECT_EQ(out, "{\"jsonrpc\":\"2.0\",\"id\":1000000000,\"method\":\"ping\",\"params\":{}}\n");
}

TEST(Tally, ADuplicatedMessageIsNoMessage) {
  Tally tally(2);
  tally.scheduled(1);
  tally.dispatched(1, 1000);
  tally.completed(1, 5'000'000, 4'000'000);
  tally.revoke(1);
  const auto& counts = tally.phase(1).counts;
  EXPECT_EQ(counts.completed, 0U);
  EXPECT_EQ(counts.errors[static_cast<std::size_t>(run::ErrorClass::integrity)], 1U);
  EXPECT_EQ(counts.scheduled, counts.completed + run::sum(counts.errors));
}

TEST(Tally, CompletedMessagesAreCountedByGroupOfClients) {
  Tally tally(1);
  for (const std::uint32_t client : {0U, 4U, 8U, 3U}) tally.completed_by(client);
  ASSERT_TRUE(tally.hand_over());
  auto second = tally.take();
  EXPECT_EQ(second->group_completed, (run::GroupCounts{3, 0, 0, 1}));
  tally.give_back(std::move(second));
  ASSERT_TRUE(tally.hand_over());
  // The next one, whichever of those that are on their way round, begins at nothing.
  for (int i = 0; i < 8; ++i) {
    auto other = tally.take();
    if (other == nullptr) break;
    EXPECT_EQ(other->group_completed, run::GroupCounts{});
  }
}

TEST(Tally, SecondsGoOutAndComeBackEmpty) {
  Tally tally(1);
  for (int i = 0; i < 20; ++i) {
    tally.completed(0, 1'000'000, 1'000'000);
    ASSERT_TRUE(tally.hand_over());
    auto second = tally.take();
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(second->counts.completed, 1U);
    EXPECT_EQ(second->latencies.response.count(), 1U);
    tally.give_back(std::move(second));
  }
  EXPECT_EQ(tally.take(), nullptr);
}

TEST(Tally, TimesOfAPhaseAreInItsTotalsAndInTheSecondTheyHappened) {
  Tally tally(2);
  const auto hand_over = [&tally] {
    EXPECT_TRUE(tally.hand_over());
    auto second = tally.take();
    auto latencies = second->latencies;
    tally.give_back(std::move(second));
    return latencies;
  };
  tally.dispatched(0, 1'000'000, 3);
  tally.completed(0, 5'000'000, 4'000'000);
  auto second = hand_over();
  EXPECT_EQ(second.send_lag.count(), 3U);
  EXPECT_EQ(second.response.count(), 1U);
  tally.completed(0, 7'000'000, 6'000'000);
  tally.completed(1, 9'000'000, 8'000'000);   // in the same second a new phase begins
  tally.completed(0, 11'000'000, 9'000'000);  // and a late answer is still of the old one
  second = hand_over();
  EXPECT_EQ(second.response.count(), 3U);
  EXPECT_EQ(second.service.count(), 3U);
  EXPECT_EQ(hand_over().response.count(), 0U);
  EXPECT_EQ(tally.phases()[0].latencies.response.count(), 3U);
  EXPECT_EQ(tally.phases()[0].latencies.response.max_us() / 1000, 11U);
  EXPECT_EQ(tally.phases()[0].latencies.send_lag.count(), 3U);
  EXPECT_EQ(tally.phases()[1].latencies.service.count(), 1U);
  EXPECT_EQ(tally.phases()[1].latencies.service.min_us(), 8'000U);
}

TEST(Tally, ALateReaderMakesTheSecondLongerAndLosesNothing) {
  Tally tally(1);
  int handed_over = 0;
  for (int i = 0; i < 50; ++i) {
    tally.completed(0, 1000, 1000);
    handed_over += tally.hand_over() ? 1 : 0;
  }
  EXPECT_LT(handed_over, 50);
  std::uint64_t completed = tally.second().counts.completed;
  while (auto second = tally.take()) completed += second->counts.completed;
  EXPECT_EQ(completed, 50U);
}

TEST(Tally, TheOperationsOfAMixAreCountedInTheirSecond) {
  Tally tally(1, run::kOperationsKept + 2);
  constexpr std::size_t kBeyond = run::kOperationsKept + 1;
  for (int i = 0; i < 20; ++i) {  // as often as snapshots come back
    for (const std::size_t operation : {std::size_t{0}, kBeyond}) tally.scheduled_of(0, operation);
    tally.completed_of(0, 0, 5'000'000);
    tally.failed_of(0, kBeyond);
    if (i == 0) tally.revoke_of(0, 0);
    ASSERT_TRUE(tally.hand_over());
    auto second = tally.take();
    ASSERT_EQ(second->operations.size(), run::kOperationsKept);
    EXPECT_EQ(second->operations.front().counts.completed, i == 0 ? 0U : 1U);
    EXPECT_EQ(second->operations.front().counts.errors, i == 0 ? 1U : 0U);
    EXPECT_EQ(second->operations.front().response.count(), 1U);
    EXPECT_EQ(second->operations.back().counts.errors, 1U) << "with the last kept one";
    EXPECT_EQ(second->operations[1].counts.scheduled, 0U);
    tally.give_back(std::move(second));
  }
  EXPECT_EQ(tally.phases()[0].operations.at(kBeyond).errors, 20U);
  EXPECT_EQ(tally.phases()[0].operations[0].completed, 19U);
  Tally of_one(1);
  of_one.completed_of(0, 0, 5);
  EXPECT_TRUE(of_one.second().operations.empty());
}

}  // namespace
}  // namespace gauntlet::load
