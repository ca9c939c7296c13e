#include "load/channel.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gauntlet::load {
namespace {

// Writes down what a channel says; `refuse_after` makes it stop as a dropped connection would.
struct Log {
  bool on_http_head(const wire::HttpHead& head) {
    events.push_back("head " + std::to_string(head.status));
    return go_on();
  }
  bool on_message(std::span<char> json) {
    events.push_back("message " + std::string(json.data(), json.size()));
    return go_on();
  }
  bool on_http_end(const HttpExchange& exchange) {
    events.push_back(std::string("end") + (exchange.event_stream ? " sse" : "") +
                     (exchange.keep_alive ? "" : " close") +
                     (exchange.refused_for_load ? " refused" : ""));
    return go_on();
  }
  bool go_on() const { return refuse_after == 0 || events.size() < refuse_after; }

  std::vector<std::string> events;
  std::size_t refuse_after = 0;
};

using Events = std::vector<std::string>;

// Feeds `text` in pieces of `step` bytes, each in a buffer that goes away.
bool feed(Channel& channel, Log& log, std::string_view text, std::size_t step = 1 << 20) {
  for (std::size_t at = 0; at < text.size(); at += step) {
    std::string piece(text.substr(at, step));
    const std::size_t size = piece.size();
    piece.resize(size + wire::kReadPadding);
    if (!channel.feed({piece.data(), size}, log)) return false;
  }
  return true;
}

const std::string kJson =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
const std::string kSse =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    "Transfer-Encoding: chunked\r\n\r\n"
    "15\r\nid: 1\nretry: 5\ndata:\n\r\n1d\r\n\nevent: message\ndata: "
    "{\"b\":2}\r\n2\r\n\n\n\r\n0\r\n\r\n";

TEST(Channel, AnswersAreTheSameHoweverTheyAreSplit) {
  const Events expected = {"head 200", "message {\"a\":1}", "end",
                           "head 200", "message {\"b\":2}", "end sse",
                           "head 200", "message {\"a\":1}", "end"};
  for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 50UL, 1000UL}) {
    Channel channel(Transport::http);
    Log log;
    ASSERT_TRUE(feed(channel, log, kJson + kSse + kJson, step));
    EXPECT_EQ(log.events, expected) << "in pieces of " << step;
  }
}

TEST(Channel, BodiesThatAreNotJsonAreNoMessages) {
  Channel channel(Transport::http);
  Log log;
  ASSERT_TRUE(
      feed(channel, log,
           "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n"
           "oops"));
  EXPECT_EQ(log.events, (Events{"head 502", "end"}));
}

TEST(Channel, TellsRefusalsForLoad) {
  Channel channel(Transport::http);
  Log log;
  ASSERT_TRUE(feed(channel, log,
                   "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
                   "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
                   "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(log.events, (Events{"head 429", "end refused", "head 503", "end refused", "head 503",
                                "end close"}));
}

TEST(Channel, AnAnswerMayLastUntilTheEndOfTheStream) {
  Channel channel(Transport::http);
  Log log;
  ASSERT_TRUE(
      feed(channel, log, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":1}", 5));
  EXPECT_EQ(log.events, (Events{"head 200"}));
  EXPECT_TRUE(channel.finish(log));
  EXPECT_EQ(log.events, (Events{"head 200", "message {\"a\":1}", "end close"}));
}

TEST(Channel, ATruncatedAnswerIsNotFinished) {
  Channel channel(Transport::http);
  Log log;
  ASSERT_TRUE(feed(channel, log, kJson.substr(0, kJson.size() - 2)));
  EXPECT_FALSE(channel.finish(log));
  EXPECT_EQ(log.events, (Events{"head 200"}));
}

TEST(Channel, BrokenFramingIsSaidSo) {
  Channel http(Transport::http);
  Log log;
  EXPECT_FALSE(feed(http, log, "SSH-2.0-OpenSSH\r\n\r\n"));
}

TEST(Channel, StopsWhereTheSinkStops) {
  Channel channel(Transport::http);
  Log log;
  log.refuse_after = 2;
  EXPECT_TRUE(feed(channel, log, kJson + kJson));
  EXPECT_EQ(log.events, (Events{"head 200", "message {\"a\":1}"}));
}

TEST(Channel, LinesAreMessages) {
  for (const std::size_t step : {1UL, 4UL, 100UL}) {
    Channel channel(Transport::lines);
    Log log;
    ASSERT_TRUE(feed(channel, log, "{\"a\":1}\n{\"b\":2}\r\n\n{\"c\"", step));
    EXPECT_EQ(log.events, (Events{"message {\"a\":1}", "message {\"b\":2}"}));
    EXPECT_FALSE(channel.finish(log)) << "a line is unfinished";
  }
}

}  // namespace
}  // namespace gauntlet::load
