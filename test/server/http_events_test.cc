// Answers to a POST as event streams, and what becomes of a call whose connection is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "events.h"
#include "served.h"

namespace gauntlet::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string stream_call(std::string_view arguments) { return call("7", "stream", arguments); }

std::string stateless_stream(std::string_view arguments) {
  return post(message("7", "tools/call",
                      R"({"name":"stream","arguments":)" + std::string(arguments) + "," +
                          meta_with(R"("io.modelcontextprotocol/logLevel":"debug")") + "}"),
              stateless_headers("tools/call", "stream"));
}

TEST(HttpEvents, AStatelessAnswerBecomesAStreamWithItsFirstMessage) {
  Served served;
  EventReader reader(served.http(), stateless_stream(R"({"count":2,"ms":1})"));
  EXPECT_EQ(reader.head().status, 200);
  EXPECT_EQ(reader.head().headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(reader.head().headers.at("x-accel-buffering"), "no");
  const auto events = reader.rest();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_THAT(events[0].data, HasSubstr("notifications/"));
  EXPECT_THAT(events[2].data, HasSubstr(R"("id":7,"result")"));
  for (const TestEvent& event : events) EXPECT_EQ(event.id, "") << "ids are for sessions";
  EXPECT_EQ(reader.client().ask(stateless_echo("1")).body, stateless_echoed("1"));
}

TEST(HttpEvents, ALateAnswerAloneIsJson) {
  Served served;
  Client client(served.http());
  const HttpResponse answer =
      client.ask(post(call("1", "sleep", R"({"ms":5})"), open_session(served.http())));
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  EXPECT_THAT(answer.body, HasSubstr("slept"));
}

TEST(HttpEvents, ASessionsStreamIsPrimedAndItsEventsHaveIds) {
  Served served;
  const std::string session = open_session(served.http());
  EventReader reader(served.http(), post(stream_call(R"({"count":2,"ms":1})"), session));
  const auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->has_data && first->data.empty());
  EXPECT_EQ(first->id, "1-1");
  EXPECT_EQ(first->retry, "1000");
  std::vector<std::string> ids;
  for (const TestEvent& event : reader.rest()) ids.push_back(event.id);
  EXPECT_THAT(ids, ElementsAre("1-2", "1-3", "1-4"));
  EventReader second(served.http(), post(stream_call(R"({"count":1,"ms":1})"), session));
  EXPECT_EQ(second.next()->id, "2-1") << "a stream of its own";
}

TEST(HttpEvents, OlderSessionsGetIdsButNoPriming) {
  Served served;
  const std::string session = open_session(served.http(), "2025-03-26");
  EventReader reader(served.http(), post(stream_call(R"({"count":1,"ms":1})"), session));
  const auto first = reader.next();
  EXPECT_NE(first->data, "");
  EXPECT_EQ(first->id, "1-2");
  EXPECT_EQ(first->retry, "");
}

TEST(HttpEvents, AClientThatTakesOnlyJsonGetsOnlyTheAnswer) {
  Served served;
  Client client(served.http());
  const HttpResponse answer =
      client.ask(http("POST", "/mcp",
                      "Content-Type: application/json\r\nAccept: application/json\r\n" +
                          open_session(served.http()),
                      stream_call(R"({"count":3,"ms":1})")));
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  EXPECT_THAT(answer.body, HasSubstr(R"("id":7,"result")"));
}

TEST(HttpEvents, AClientThatTakesOnlyEventsGetsEverythingThatWay) {
  Served served;
  const std::string headers = "Content-Type: application/json\r\nAccept: text/event-stream\r\n";
  EventReader opened(served.http(), http("POST", "/mcp", headers, initialize()));
  const std::string id = opened.head().headers.at("mcp-session-id");
  EXPECT_EQ(opened.next()->id, "1-1");
  const auto answers = opened.rest();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].id, "1-2");
  EXPECT_THAT(answers[0].data, HasSubstr("protocolVersion"));
  EventReader echoing(served.http(), http("POST", "/mcp", headers + session_header(id), echo("3")));
  const auto echoes = echoing.rest();
  ASSERT_EQ(echoes.size(), 1U);
  EXPECT_EQ(echoes[0].data, echoed("3"));
  EXPECT_EQ(echoes[0].id, "2-2");
}

TEST(HttpEvents, ASilentStreamIsKeptAlive) {
  Config config = test_config();
  config.limits.keep_alive_ns = core::kMillisecond;
  Served served(config);
  EventReader reader(served.http(), get_events(open_session(served.http())));
  ASSERT_EQ(reader.head().status, 200);
  reader.next();
  EXPECT_EQ(reader.next()->comment, "keep-alive");
  EXPECT_EQ(reader.next()->comment, "keep-alive");
}

// Turns of the server go by until the gauge says so.
void await(const Served& served, const std::string& metric, double value) {
  double seen = served.metric(metric);
  for (int i = 0; i < 500 && seen != value; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    seen = served.metric(metric);
  }
  EXPECT_EQ(seen, value);
}

TEST(HttpEvents, ClosingAStatelessConnectionCancelsTheCall) {
  Served served;
  {
    Client client(served.http());
    client.send(post(stateless_call("1", "sleep", R"({"ms":600000})"),
                     stateless_headers("tools/call", "sleep")));
    await(served, "gauntlet_server_later_calls", 1);
  }
  await(served, "gauntlet_server_later_calls", 0);
  EventReader reader(served.http(), stateless_stream(R"({"count":10000,"ms":50})"));
  EXPECT_THAT(reader.next()->data, HasSubstr("notifications/"));
  {
    const Client gone = std::move(reader.client());
  }
  await(served, "gauntlet_server_later_calls", 0);
}

TEST(HttpEvents, AHalfClosedConnectionStillGetsItsAnswer) {
  Served served;
  Client client(served.http());
  client.send(post(stateless_call("1", "sleep", R"({"ms":100})"),
                   stateless_headers("tools/call", "sleep")));
  shutdown(client.fd(), SHUT_WR);
  HttpResponse answer = client.read_response();
  while (answer.status == 100) answer = client.read_response();
  EXPECT_THAT(answer.body, HasSubstr("slept"));
  EXPECT_EQ(client.read_to_end(), "");

  Client late(served.http());
  late.send(stateless_stream(R"({"count":5,"ms":20})"));
  shutdown(late.fd(), SHUT_WR);
  EXPECT_THAT(late.read_to_end(), HasSubstr("streamed"));
}

TEST(HttpEvents, AStreamThatNobodyReadsIsCut) {
  Config config = test_config();
  config.limits.output_bytes_max = 1000;
  config.limits.backlog_bytes_max = 10'000;
  Served served(config);
  const std::string session = open_session(served.http(), "2025-03-26");
  // 20 MB: more than the sockets in between take.
  std::string batch = "[" + stream_call(R"({"count":3000})");
  for (int i = 1; i < 64; ++i) batch += "," + stream_call(R"({"count":3000})");
  EventReader reader(served.http(), post(batch + "]", session));
  await(served, "gauntlet_server_connections", 1);
}

}  // namespace
}  // namespace gauntlet::server
