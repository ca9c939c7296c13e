// The older HTTP+SSE transport (2024-11-05), from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "events.h"
#include "served.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string get_sse(std::string_view headers = {}) {
  return http("GET", "/sse", "Accept: text/event-stream\r\n" + std::string(headers));
}

std::string post_to(std::string_view target, std::string_view body) {
  return http("POST", target, "Content-Type: application/json\r\n", body);
}

TEST(HttpSse, AnswersComeOnTheOneStream) {
  Served served;
  EventReader reader(served.http(), get_sse());
  ASSERT_EQ(reader.head().status, 200);
  const auto endpoint = reader.next();
  EXPECT_EQ(endpoint->type, "endpoint");
  EXPECT_THAT(endpoint->data, StartsWith("/message?sessionId="));
  Client client(served.http());
  const HttpResponse accepted = client.ask(post_to(endpoint->data, initialize("2024-11-05")));
  EXPECT_EQ(accepted.status, 202);
  EXPECT_FALSE(accepted.headers.contains("mcp-session-id"));
  const auto opened = reader.next();
  EXPECT_EQ(opened->type, "message");
  EXPECT_EQ(opened->id, "") << "there is no resumption";
  EXPECT_THAT(opened->data, HasSubstr(R"("protocolVersion":"2024-11-05")"));
  EXPECT_EQ(client.ask(post_to(endpoint->data, message("", "notifications/initialized"))).status,
            202);
  EXPECT_EQ(client.ask(post_to(endpoint->data, echo("2"))).status, 202);
  EXPECT_EQ(reader.next()->data, echoed("2"));
  client.ask(post_to(endpoint->data, call("3", "stream", R"({"count":2,"ms":1})")));
  client.ask(post_to(endpoint->data, call("4", "sleep", R"({"ms":1})")));
  std::string all;
  for (int i = 0; i < 4; ++i) all += reader.next()->data;
  EXPECT_THAT(all, HasSubstr("streamed"));
  EXPECT_THAT(all, HasSubstr("slept"));
}

TEST(HttpSse, TheStreamMayBeAtAnotherWorker) {
  const auto parts = std::make_shared<SharedParts>(test_config(), 2);
  Served first(test_config(), parts, 0);
  Served second(test_config(), parts, 1);
  EventReader reader(first.http(), get_sse());
  const std::string target = reader.next()->data;
  Client client(second.http());
  client.ask(post_to(target, initialize("2024-11-05")));
  EXPECT_THAT(reader.next()->data, HasSubstr("protocolVersion"));
  for (int i = 0; i < 20; ++i) {
    client.ask(post_to(target, echo(std::to_string(i))));
    EXPECT_EQ(reader.next()->data, echoed(std::to_string(i)));
  }
}

TEST(HttpSse, TheSessionEndsWithItsStream) {
  Served served;
  std::string target;
  {
    EventReader reader(served.http(), get_sse());
    target = reader.next()->data;
    EXPECT_EQ(served.metric("gauntlet_server_sessions"), 1);
  }
  for (int i = 0; i < 500 && served.metric("gauntlet_server_sessions") != 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(Client(served.http()).ask(post_to(target, echo("1"))).status, 404);
}

TEST(HttpSse, IsRefusedWhereItMakesNoSense) {
  Served served;
  Client client(served.http());
  EXPECT_EQ(client.ask(http("POST", "/sse", "Content-Type: application/json\r\n", "{}")).status,
            405);
  EXPECT_EQ(client.ask(http("GET", "/message?sessionId=x")).status, 405);
  EXPECT_EQ(client.ask(post_to("/message", echo("1"))).status, 404);
  EXPECT_EQ(client.ask(post_to("/message?sessionId=", echo("1"))).status, 404);
  EXPECT_EQ(client.ask(post_to("/message?sessionId=" + std::string(32, 'a'), echo("1"))).status,
            404);
  EXPECT_EQ(client.ask(http("GET", "/sse", "Accept: application/json\r\n")).status, 406);
  EXPECT_EQ(client.ask(get_sse("Origin: http://evil.example\r\n")).status, 403);
  EventReader reader(served.http(), get_sse());
  const std::string target = reader.next()->data;
  EXPECT_EQ(client.ask(post_to(target, "{")).status, 400);
  EXPECT_EQ(client.ask(http("POST", target, "Content-Type: text/plain\r\n", echo("1"))).status,
            415);
}

TEST(HttpSse, NewsComesOnTheStream) {
  Served served;
  EventReader reader(served.http(), get_sse());
  Client(served.http()).ask(post_to(reader.next()->data, initialize("2024-11-05")));
  reader.next();
  served.post({Letter::Kind::resources_changed, {}, 0, {}});
  EXPECT_THAT(reader.next()->data, HasSubstr("resources/list_changed"));
}

}  // namespace
}  // namespace gauntlet::server
