#include "wire/http_memo.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gauntlet::wire {
namespace {

using Event = HttpParser::Event;
using Role = HttpParser::Role;

constexpr HttpLimits kLimits;

std::string request(std::string_view path) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
}

// The head of one message on a connection of its own. `text` needs no padding: nothing reads a
// body.
struct Parsed {
  Parsed(HttpHeadMemo& memo, std::string text) : bytes(std::move(text)), parser(memo) {
    step = parser.step({bytes.data(), bytes.size()});
  }
  bool known() const { return parser.memo_number() != 0; }

  std::string bytes;
  HttpParser parser;
  HttpParser::Step step;
};

TEST(HttpHeadMemo, TheSameHeadIsTheSameEntryAndItsViewsOutliveTheBytes) {
  HttpHeadMemo memo(Role::request, kLimits);
  std::uint64_t number = 0;
  {
    const Parsed first(memo, request("/a"));
    ASSERT_EQ(first.step.event, Event::head);
    ASSERT_TRUE(first.known());
    number = first.parser.memo_number();
  }
  const Parsed again(memo, request("/a") + "{}");
  EXPECT_EQ(again.parser.memo_number(), number);
  EXPECT_EQ(again.step.consumed, request("/a").size());
  EXPECT_EQ(again.parser.head().target, "/a");
  EXPECT_EQ(again.parser.head().value_of("host"), "a");
  const Parsed other(memo, request("/b"));
  EXPECT_NE(other.parser.memo_number(), number);
  EXPECT_EQ(other.parser.head().target, "/b");
}

TEST(HttpHeadMemo, WhatIsRetainedIsTheParsersOwn) {
  HttpHeadMemo memo(Role::request, kLimits);
  Parsed first(memo, request("/a"));
  first.parser.retain();
  EXPECT_FALSE(first.known());
  for (int i = 0; i < 100; ++i) Parsed(memo, request("/" + std::to_string(i)));
  EXPECT_EQ(first.parser.head().target, "/a");
  EXPECT_EQ(first.parser.head().value_of("content-length"), "2");
}

TEST(HttpHeadMemo, ManyHeadsThatComeOnceDoNotDriveOutOneThatComesOften) {
  HttpHeadMemo memo(Role::request, kLimits);
  const std::uint64_t number = Parsed(memo, request("/often")).parser.memo_number();
  for (int i = 0; i < 1000; ++i) {
    Parsed(memo, request("/" + std::to_string(i)));
    ASSERT_EQ(Parsed(memo, request("/often")).parser.memo_number(), number);
  }
}

TEST(HttpHeadMemo, AHeadThatComesToStayIsKeptThoughTheMemoIsFull) {
  HttpHeadMemo memo(Role::request, kLimits);
  for (int i = 0; i < 100; ++i) Parsed(memo, request("/" + std::to_string(i)));
  for (int i = 0; i < 10; ++i) Parsed(memo, request("/new"));
  EXPECT_TRUE(Parsed(memo, request("/new")).known());
}

TEST(HttpHeadMemo, WhatIsRefusedOrTooLongOrHalfThereIsNotKept) {
  HttpHeadMemo memo(Role::request, kLimits);
  const std::string twice = "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n";
  const std::string longer = request("/" + std::string(HttpHeadMemo::kHeadBytesMax, 'x'));
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Parsed(memo, twice).step.event, Event::error);
    const Parsed large(memo, longer);
    ASSERT_EQ(large.step.event, Event::head);
    ASSERT_FALSE(large.known());
    ASSERT_EQ(Parsed(memo, request("/a").substr(0, 20)).step.event, Event::need_more);
  }
}

// A head with more bytes behind it than the limit is still within it; one beyond it is not saved by
// the memo, which takes none that the parser would refuse.
TEST(HttpHeadMemo, TheLimitOfAHeadHolds) {
  const HttpLimits limits{.head_bytes_max = request("/a").size()};
  HttpHeadMemo memo(Role::request, limits);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Parsed(memo, request("/a") + "{}").step.event, Event::head);
    EXPECT_EQ(Parsed(memo, request("/aa") + "{}").step.event, Event::error);
  }
}

TEST(HttpHeadMemo, AnAnswerToHeadHasNoBodyAlsoWhenItsHeadIsKnown) {
  HttpHeadMemo memo(Role::response, kLimits);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  Parsed with_body(memo, head);
  ASSERT_TRUE(with_body.known());
  EXPECT_EQ(with_body.parser.step({}).event, Event::need_more);
  Parsed without(memo, head);
  ASSERT_TRUE(without.known());
  without.parser.expect_no_body();
  EXPECT_EQ(without.parser.step({}).event, Event::end);
}

}  // namespace
}  // namespace gauntlet::wire
