// What HTTP itself asks of the server: order, framing, refusals, limits.
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "served.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

std::string with_header(std::string_view header) {
  return post(stateless("1", "tools/list"),
              stateless_headers("tools/list") + std::string(header) + "\r\n");
}

TEST(HttpTransport, AnswersPipelinedRequestsInOrder) {
  Served served;
  Client client(served.http());
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += stateless_echo(std::to_string(i));
  client.send(requests);
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(client.read_response().body, stateless_echoed(std::to_string(i)));
}

TEST(HttpTransport, APipelineOfOneReadIsAnsweredInOneSend) {
  Served served;
  Client client(served.http());
  client.send(stateless_echo("1") + stateless_echo("2") + stateless_echo("3"));
  EXPECT_EQ(client.read_response().body, stateless_echoed("1"));
  EXPECT_THAT(client.unread(), HasSubstr(stateless_echoed("3")));
}

TEST(HttpTransport, ALateAnswerKeepsItsPlaceInThePipeline) {
  Served served;
  Client client(served.http());
  const std::string sleep =
      post(stateless_call("1", "sleep", R"({"ms":30})"), stateless_headers("tools/call", "sleep"));
  client.send(sleep + stateless_echo("2") + sleep + stateless_echo("3"));
  EXPECT_THAT(client.read_response().body, HasSubstr("slept 30 ms"));
  EXPECT_EQ(client.read_response().body, stateless_echoed("2"));
  EXPECT_THAT(client.read_response().body, HasSubstr("slept 30 ms"));
  client.send(stateless_echo("4"));
  EXPECT_EQ(client.read_response().body, stateless_echoed("3"));
  EXPECT_EQ(client.read_response().body, stateless_echoed("4"));
}

TEST(HttpTransport, TheNextConnectionDoesNotInheritALateAnswer) {
  Served served;
  const auto sleep = [](const char* ms) {
    return post(stateless_call("1", "sleep", std::string(R"({"ms":)") + ms + "}"),
                stateless_headers("tools/call", "sleep"));
  };
  {
    Client gone(served.http());
    gone.send(sleep("150"));
    while (served.metric("gauntlet_server_later_calls") < 1) usleep(1000);
  }
  while (served.metric("gauntlet_server_connections") > 1) usleep(1000);
  std::array<Client, 3> next = {Client(served.http()), Client(served.http()),
                                Client(served.http())};  // one of them in the same place
  for (Client& client : next) client.send(sleep("250") + stateless_echo("2"));
  for (Client& client : next) {
    EXPECT_EQ(client.read_response().body, stateless_answered("1", R"("slept 250 ms")"));
    EXPECT_EQ(client.read_response().body, stateless_echoed("2"));
  }
}

TEST(HttpTransport, AnswersARequestThatComesByteByByte) {
  Served served;
  Client client(served.http());
  for (const char c : stateless_echo("1")) client.send({&c, 1});
  EXPECT_EQ(client.read_response().body, stateless_echoed("1"));
}

RC_GTEST_PROP(HttpTransport, AnswersHoweverTheBytesAreSplit, ()) {
  static Served served;
  Client client(served.http());
  const std::string requests = stateless_echo("1", R"("a\nb")") + stateless_echo(R"("two")");
  std::string_view rest = requests;
  while (!rest.empty()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
    client.send(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  RC_ASSERT(client.read_response().body == stateless_echoed("1", R"("a\nb")"));
  RC_ASSERT(client.read_response().body == stateless_echoed(R"("two")"));
}

TEST(HttpTransport, TakesChunkedRequests) {
  Served served;
  Client client(served.http());
  const std::string body = stateless("1", "tools/list");
  std::string request =
      http("POST", "/mcp",
           kPostHeaders + stateless_headers("tools/list") + "Transfer-Encoding: chunked\r\n");
  for (std::size_t i = 0; i < body.size(); i += 10) {
    const std::string piece = body.substr(i, 10);
    request += (piece.size() == 10 ? "a" : std::to_string(piece.size())) + "\r\n" + piece + "\r\n";
  }
  const HttpResponse response = client.ask(request + "0\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("complete"));
}

TEST(HttpTransport, ForeignHostsAndOriginsAreForbidden) {
  Served served;
  Client client(served.http());
  for (const char* header :
       {"Host: evil.example.com", "Host: localhost.evil.example.com", "Host: 127.0.0.1.example.com",
        "Host: 192.168.0.1", "Host: localhost:x", "Host:", "Origin: http://evil.example.com",
        "Origin: null", "Origin: http://localhost.evil.example.com"})
    EXPECT_EQ(client.ask(with_header(header)).status, 403) << header;
  for (const char* header :
       {"Host: localhost", "Host: LocalHost:3000", "Host: 127.0.0.1:1", "Host: [::1]:3000",
        "Origin: http://localhost:5173", "Origin: https://127.0.0.1", "Origin: http://[::1]:80"})
    EXPECT_EQ(client.ask(with_header(header)).status, 200) << header;
  EXPECT_EQ(client.ask(http("GET", "/metrics", "Host: evil.example.com\r\n")).status, 403);
}

TEST(HttpTransport, AHostIsNeeded) {
  Served served;
  Client client(served.http());
  EXPECT_EQ(client.ask("GET /health HTTP/1.1\r\n\r\n").status, 400);
}

TEST(HttpTransport, MediaTypesAreNegotiated) {
  Served served;
  Client client(served.http());
  const std::string body = stateless("1", "tools/list");
  const auto status = [&](std::string_view headers) {
    return client
        .ask(http("POST", "/mcp", stateless_headers("tools/list") + std::string(headers), body))
        .status;
  };
  const std::string json = "Content-Type: application/json\r\n";
  EXPECT_EQ(status("Accept: application/json\r\n"), 415);
  EXPECT_EQ(status("Content-Type: text/plain\r\n"), 415);
  EXPECT_EQ(status("Content-Type: application/jsonp\r\n"), 415);
  EXPECT_EQ(status("Content-Type: Application/JSON; charset=utf-8\r\n"), 200);
  EXPECT_EQ(status(json), 200);
  EXPECT_EQ(status(json + "Accept: */*\r\n"), 200);
  EXPECT_EQ(status(json + "Accept: Application/*\r\n"), 200);
  EXPECT_EQ(status(json + "Accept: text/html\r\n"), 406);
}

TEST(HttpTransport, EventsAreSentToAClientThatTakesNothingElse) {
  Served served;
  Client client(served.http());
  const HttpResponse response =
      client.ask(http("POST", "/mcp",
                      "Content-Type: application/json\r\nAccept: text/event-stream\r\n" +
                          stateless_headers("tools/call", "echo"),
                      stateless_call("1", "echo", R"({"message":"x"})")));
  EXPECT_EQ(response.headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(response.body, "event: message\ndata: " + stateless_echoed("1") + "\n\n");
}

TEST(HttpTransport, AnswerModesDecideTheFormat) {
  Config config = test_config();
  config.answer_mode = AnswerMode::sse;
  Served events(config);
  Client client(events.http());
  const HttpResponse response = client.ask(stateless_echo("1"));
  EXPECT_EQ(response.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(response.body, "event: message\ndata: " + stateless_echoed("1") + "\n\n");
  EXPECT_EQ(client.ask(stateless_echo("2")).status, 200);
  EXPECT_EQ(client.ask(post("{")).headers.at("content-type"), "application/json");

  config.answer_mode = AnswerMode::json;
  Served json(config);
  EXPECT_EQ(Client(json.http()).ask(stateless_echo("1")).body, stateless_echoed("1"));
}

TEST(HttpTransport, TooMuchIsRefusedAndTheConnectionClosed) {
  Served served;
  Client body(served.http());
  const HttpResponse large =
      body.ask(http("POST", "/mcp", kPostHeaders + "Content-Length: 1048577\r\n"));
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(large.headers.at("connection"), "close");
  EXPECT_EQ(body.read_to_end(), "");

  Client head(served.http());
  head.send("GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(16 * 1024, 'x') +
            "\r\n\r\n");
  EXPECT_EQ(head.read_response().status, 431);
  EXPECT_EQ(head.read_to_end(), "");
}

TEST(HttpTransport, ALargeMessageUpToTheLimitIsTaken) {
  Served served;
  Client client(served.http());
  const std::string text = '"' + std::string(900'000, 'y') + '"';
  EXPECT_EQ(client.ask(stateless_echo("1", text)).body, stateless_echoed("1", text));
}

TEST(HttpTransport, WhatIsNotHttpIsRefused) {
  Served served;
  EXPECT_EQ(Client(served.http()).ask("GET / HTTP/1.1\nHost: a\n\n").status, 400);
  EXPECT_EQ(Client(served.http()).ask("GET / HTTP/2.0\r\nHost: a\r\n\r\n").status, 505);
  EXPECT_EQ(Client(served.http())
                .ask("POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n")
                .status,
            501);
}

TEST(HttpTransport, ClosesWhenAskedTo) {
  Served served;
  Client client(served.http());
  client.send(http("GET", "/health", "Connection: close\r\n") + stateless_echo("never read"));
  const HttpResponse response = client.read_response();
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpTransport, ServesHttp10) {
  Served served;
  Client client(served.http());
  const HttpResponse kept = client.ask("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.headers.at("connection"), "keep-alive");
  EXPECT_EQ(client.ask("GET /health HTTP/1.0\r\n\r\n").status, 200);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpTransport, AnswersExpectations) {
  Served served;
  Client client(served.http());
  const std::string request = post(stateless("1", "tools/list"),
                                   stateless_headers("tools/list") + "Expect: 100-continue\r\n");
  const std::size_t head = request.find("\r\n\r\n") + 4;
  EXPECT_EQ(client.ask(request.substr(0, head)).status, 100);
  EXPECT_EQ(client.ask(request.substr(head)).status, 200);
}

TEST(HttpTransport, HasItsOtherPages) {
  Served served;
  Client client(served.http());
  const HttpResponse health = client.ask(http("GET", "/health?x=1"));
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body, R"({"status":"ok"})");
  EXPECT_EQ(client.ask(http("GET", "http://localhost/ready")).status, 200);
  EXPECT_EQ(client.ask(http("GET", "/nowhere")).status, 404);
  EXPECT_EQ(client.ask(http("POST", "/health")).status, 405);
  EXPECT_EQ(client.ask(http("PUT", "/mcp")).status, 405);
}

TEST(HttpTransport, AnswersHeadWithoutABody) {
  Served served;
  Client client(served.http());
  client.send(http("HEAD", "/health") + http("GET", "/nowhere"));
  const std::string first = client.read_line();
  EXPECT_EQ(first, "HTTP/1.1 200 OK\r");
  for (std::string line = client.read_line(); line != "\r"; line = client.read_line()) {
  }
  EXPECT_EQ(client.read_response().status, 404);
}

TEST(HttpTransport, MuchOutputIsHeldBackUntilItIsRead) {
  Config config = test_config();
  config.limits.output_bytes_max = 64 * 1024;
  Served served(config);
  Client client(served.http());
  const std::string request = post(stateless_call("1", "payload", R"({"bytes":1000000})"),
                                   stateless_headers("tools/call", "payload"));
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += request;
  client.send(requests + stateless_echo("2"));
  for (int i = 0; i < 40; ++i) EXPECT_GT(client.read_response().body.size(), 1'000'000U);
  EXPECT_EQ(client.read_response().body, stateless_echoed("2"));
}

TEST(HttpTransport, AReaderThatNeverReadsIsCutOff) {
  Config config = test_config();
  config.limits.output_bytes_max = 64 * 1024;
  config.limits.output_ns = core::kMillisecond;
  Served served(config);
  Client client(served.http());
  std::string requests;
  for (int i = 0; i < 40; ++i)
    requests += post(stateless_call("1", "payload", R"({"bytes":1000000})"),
                     stateless_headers("tools/call", "payload"));
  client.send(requests);
  while (served.metric("gauntlet_server_connections") > 1) usleep(10'000);
}

TEST(HttpTransport, AMessageThatNeverEndsIsCutOff) {
  Config config = test_config();
  config.limits.message_ns = core::kMillisecond;
  Served served(config);
  Client client(served.http());
  client.send("POST /mcp HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpTransport, ConnectionsBeyondTheLimitAreClosed) {
  Config config = test_config();
  config.limits.connections_max = 1;
  Served served(config);
  Client first(served.http());
  EXPECT_EQ(first.ask(http("GET", "/health")).status, 200);
  Client second(served.http());
  EXPECT_EQ(second.read_to_end(), "");
  const std::string text = first.ask(http("GET", "/metrics")).body;
  EXPECT_THAT(text, HasSubstr("gauntlet_server_connections_refused_total 1\n"));
}

}  // namespace
}  // namespace gauntlet::server
