// Flow control from outside: what clients are told, over every transport, and what is shed first.
// Rates are so small that nothing is refilled while a test runs, unless it waits for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "events.h"
#include "served.h"

namespace gauntlet::server {
namespace {

using core::kMillisecond;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNever = 0.001;  // a second: one message, and the next after a quarter of an hour
constexpr std::string_view kRefusedForRate = "gauntlet_server_refused_total{reason=\"rate\"}";

Config limited(double messages_per_second) {
  Config config = test_config();
  config.flow.messages_per_second = messages_per_second;
  return config;
}

std::string line(std::string_view json) { return std::string(json) + "\n"; }

std::string ask_line(Client& client, std::string_view json) {
  client.send(line(json));
  return client.read_line();
}

// Asks until it gets that status; the last answer otherwise.
HttpResponse ask_for(Client& client, std::string_view request, int status) {
  HttpResponse response = client.ask(request);
  for (int i = 0; i < 4000 && response.status != status; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    response = client.ask(request);
  }
  return response;
}

std::string sleeping(std::string_view id) { return line(call(id, "sleep", R"({"ms":600000})")); }

std::string sleeping_calls(int from, int count) {
  std::string lines;
  for (int id = from; id < from + count; ++id) lines += sleeping(std::to_string(id));
  return lines;
}

Client opened(const Served& served) {
  Client client(served.lines());
  client.send(line(initialize()));
  client.read_line();
  return client;
}

// Of the next backpressure notification: "level used", or what came instead.
std::string pressure_in(const std::string& json) {
  const std::size_t level = json.find(R"("level":")");
  const std::size_t used = json.find(R"("used":)");
  if (!json.contains("notifications/backpressure")) return json;
  const auto to = [&json](std::size_t from, char end) {
    return json.substr(from, json.find(end, from) - from);
  };
  return to(level + 9, '"') + " " + to(used + 7, ',');
}

TEST(RateOverHttp, IsRefusedWith429AndServedAgainAfterTheRefill) {
  const Served served(limited(1));  // two at once
  Client client(served.http());
  std::string flood;
  for (int i = 0; i < 20; ++i) flood += stateless_echo("7");
  client.send(flood);
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    const HttpResponse response = client.read_response();
    if (response.status == 200) continue;
    ++refused;
    EXPECT_EQ(response.status, 429);
    EXPECT_THAT(response.headers.at("retry-after"), AnyOf("1", "2"));
    EXPECT_THAT(response.body, HasSubstr(R"("id":7,"error":{"code":-31429)"));
    EXPECT_THAT(response.body, HasSubstr(R"("data":{"retryAfterMs":)"));
  }
  EXPECT_GT(refused, 0);
  EXPECT_LE(refused, 18);
  EXPECT_EQ(served.metric(std::string(kRefusedForRate)), refused);
  EXPECT_EQ(served.metric("gauntlet_server_errors_total{code=\"-31429\"}"), refused);
  EXPECT_EQ(ask_for(client, stateless_echo("8"), 200).body, stateless_echoed("8"));
}

TEST(RateOverHttp, BoundsASessionOverAllItsConnections) {
  const Served served(limited(kNever));
  const std::string session = open_session(served.http());
  EXPECT_EQ(Client(served.http()).ask(post(echo("1"), session)).status, 200);
  const HttpResponse refused = Client(served.http()).ask(post(echo("2"), session));
  EXPECT_EQ(refused.status, 429);
  EXPECT_GT(std::stoi(refused.headers.at("retry-after")), 60);
  const std::string other = open_session(served.http());
  EXPECT_EQ(Client(served.http()).ask(post(echo("1"), other)).status, 200);
}

TEST(RateOverHttp, BoundsAConnectionWhereThereIsNoSession) {
  const Served served(limited(kNever));
  Client client(served.http());
  EXPECT_EQ(client.ask(stateless_echo("1")).status, 200);
  EXPECT_EQ(client.ask(stateless_echo("2")).status, 429);
  EXPECT_EQ(client.ask(post(initialize())).status, 429) << "openings count too";
  EXPECT_EQ(Client(served.http()).ask(stateless_echo("3")).status, 200);
}

TEST(RateOverHttp, RefusesANotificationHonestly) {
  const Served served(limited(kNever));
  const std::string session = open_session(served.http());
  Client client(served.http());
  EXPECT_EQ(client.ask(post(echo("1"), session)).status, 200);
  const std::string progress = message("", "notifications/progress", R"({"progressToken":1})");
  const HttpResponse refused = client.ask(post(progress, session));
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, AllOf(HasSubstr("-31429"), Not(HasSubstr("\"id\""))));
  EXPECT_EQ(client.ask(post(message("", "notifications/cancelled"), session)).status, 202);
}

TEST(RateOverHttp, LeavesPagesAlone) {
  const Served served(limited(kNever));
  Client client(served.http());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask(http("GET", "/health")).status, 200);
}

TEST(RateOverLines, IsAnErrorThatSaysWhenToComeBack) {
  const Served served(limited(kNever));
  Client client(served.lines());
  EXPECT_THAT(ask_line(client, initialize()), HasSubstr("serverInfo"));
  const std::string refused = ask_line(client, echo("2"));
  EXPECT_THAT(refused, HasSubstr(R"("id":2,"error":{"code":-31429)"));
  EXPECT_THAT(refused, HasSubstr(R"("data":{"retryAfterMs":)"));
  client.send(line(message("", "notifications/progress")));  // gets no answer
  EXPECT_THAT(ask_line(client, initialize()), HasSubstr("-31429")) << "nothing to start over";
  EXPECT_EQ(served.metric(std::string(kRefusedForRate)), 3);
  Client other(served.lines());
  EXPECT_THAT(ask_line(other, initialize()), HasSubstr("serverInfo"));
}

TEST(Fairness, AFloodOfOneClientCostsAnotherNoneOfItsAllowance) {
  const Served served(limited(50));  // a hundred at once
  std::atomic<bool> done = false;
  std::atomic<int> refused = 0;
  std::thread flood([&] {
    Client client(served.http());
    while (!done || refused == 0) refused += client.ask(stateless_echo("1")).status == 429;
  });
  while (refused == 0) std::this_thread::yield();
  Client polite(served.http());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(polite.ask(stateless_echo("2")).status, 200);
  done = true;
  flood.join();
}

std::string state(std::string_view name) {
  return "gauntlet_server_breaker_state{state=\"" + std::string(name) + "\"}";
}

TEST(BreakerOfAServer, OpensOverFailuresShedsByPriorityAndClosesAgain) {
  Config config = test_config();
  config.flow.breaker = {
      .error_share = 0.2, .open_ns = 1500 * kMillisecond, .samples_min = 5, .probes = 4};
  const Served served(config);
  EXPECT_EQ(served.metric(state("closed")), 1);
  Client client(served.http());
  const std::string failing = post(stateless_call("1", "fail", R"({"kind":"jsonrpc"})"),
                                   stateless_headers("tools/call", "fail"));
  const HttpResponse refused = ask_for(client, failing, 503);
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr(R"("id":1,"error":{"code":-31503)"));
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  EXPECT_EQ(served.metric(state("open")), 1);
  EXPECT_EQ(served.metric(state("closed")), 0);

  const std::string session = open_session(served.http());  // never refused
  EXPECT_EQ(client.ask(post(message("2", "ping"), session)).status, 200);
  EXPECT_EQ(
      client.ask(post(message("3", "logging/setLevel", R"({"level":"info"})"), session)).status,
      503);

  EXPECT_EQ(ask_for(client, stateless_echo("4"), 200).status, 200) << "a probe";
  for (int i = 0; i < 4000 && served.metric(state("closed")) == 0; ++i)
    client.ask(stateless_echo("5"));
  EXPECT_EQ(served.metric(state("closed")), 1);
  EXPECT_EQ(client.ask(stateless_echo("6")).status, 200);
  EXPECT_GE(served.metric("gauntlet_server_breaker_opened_total"), 1);
  EXPECT_GE(served.metric("gauntlet_server_refused_total{reason=\"breaker\"}"), 2);
}

TEST(BreakerOfAServer, CountsFailuresOfLateAnswersToo) {
  Config config = test_config();
  config.flow.breaker = {.p95_ns = 1, .samples_min = 5};  // nothing is that fast
  const Served served(config);
  Client client(served.http());
  const std::string late =
      post(stateless_call("1", "sleep", R"({"ms":1})"), stateless_headers("tools/call", "sleep"));
  EXPECT_EQ(ask_for(client, late, 503).status, 503);
}

TEST(BreakerOfAServer, WatchesTheProcess) {
  Config config = test_config();
  config.flow.breaker = {.memory_bytes = 1};
  const Served served(config);
  Client client(served.http());
  EXPECT_EQ(ask_for(client, stateless_echo("1"), 503).status, 503);
}

TEST(Backpressure, ReachesClientsOncePerStep) {
  Config config = test_config();
  config.limits.later_max = 10;
  config.limits.stop_ns = 1;  // the calls do not end by themselves
  const Served served(config);
  EventReader stream(served.http(), get_events(open_session(served.http())));
  stream.next();  // the priming event
  Client client = opened(served);
  Client watching = opened(served);
  client.send(sleeping_calls(1, 8));
  EXPECT_EQ(pressure_in(client.read_line()), "elevated 8");
  client.send(sleeping_calls(9, 1));
  EXPECT_EQ(pressure_in(client.read_line()), "high 9");
  client.send(sleeping_calls(10, 1));
  EXPECT_EQ(pressure_in(client.read_line()), "critical 10");
  EXPECT_EQ(served.metric("gauntlet_server_queue_pressure{queue=\"calls\"}"), 3);
  EXPECT_THAT(ask_line(client, call("11", "sleep", R"({"ms":600000})")),
              AllOf(HasSubstr(R"("id":11,"error":{"code":-31503)"), HasSubstr("retryAfterMs")));
  EXPECT_EQ(served.metric("gauntlet_server_refused_total{reason=\"queue\"}"), 1);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client = opened(served);  // the calls go with the connection before
  std::vector<std::string> lines, events;
  for (int i = 0; i < 4; ++i) lines.push_back(pressure_in(watching.read_line()));
  for (int i = 0; i < 4; ++i) events.push_back(pressure_in(stream.next_message()->data));
  EXPECT_THAT(lines, ElementsAre("elevated 8", "high 9", "critical 10", "normal 0"));
  EXPECT_EQ(events, lines);
}

TEST(Backpressure, ShedsTheMinorFirst) {
  Config config = test_config();
  config.limits.later_max = 100;
  config.limits.stop_ns = 1;  // the calls do not end by themselves
  const Served served(config);
  Client client = opened(served);
  client.send(sleeping_calls(1, 91));
  while (pressure_in(client.read_line()) != "high 91") {
  }
  EXPECT_THAT(ask_line(client, message("101", "logging/setLevel", R"({"level":"info"})")),
              HasSubstr(R"("id":101,"error":{"code":-31503)"));
  EXPECT_EQ(ask_line(client, echo("102")), echoed("102"));
  EXPECT_THAT(ask_line(client, message("103", "ping")), HasSubstr(R"("id":103,"result":{})"));
  const std::string working = message("104", "tools/call",
                                      R"({"name":"progress","arguments":{"steps":3,"ms":0},)"
                                      R"("_meta":{"progressToken":"p"}})");
  EXPECT_THAT(ask_line(client, working), HasSubstr(R"("id":104,"result")")) << "and nothing before";
  EXPECT_EQ(served.metric("gauntlet_server_notifications_shed_total"), 3);
}

TEST(Backpressure, TellsAConnectionOfItsOwnCalls) {
  Config config = test_config();
  config.limits.peer_calls_max = 10;
  config.limits.stop_ns = 1;  // the calls do not end by themselves
  const Served served(config);
  Client client = opened(served);
  client.send(sleeping_calls(1, 10));
  for (const char* level : {"elevated 8", "high 9", "critical 10"}) {
    const std::string told = client.read_line();
    EXPECT_EQ(pressure_in(told), level);
    EXPECT_THAT(told, HasSubstr(R"("queue":"connection")"));
  }
  Client other(
      served.lines());  // stateless clients take no notifications that they did not ask for
  for (int i = 0; i < 9; ++i) other.send(line(stateless_call("1", "sleep", R"({"ms":600000})")));
  EXPECT_EQ(ask_line(other, stateless_call("2", "echo", R"({"message":"x"})")),
            stateless_echoed("2"));
}

}  // namespace
}  // namespace gauntlet::server
