// Abuse by connections: slow ones, idle ones, half-closed ones, and those that end in the middle.
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "abused.h"
#include "events.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

constexpr int kPeers = 20;

const std::string kPayload = post(stateless_call("1", "payload", R"({"bytes":1000000})"),
                                  stateless_headers("tools/call", "payload"));

bool is_closed(const Client& client) {
  pollfd entry{.fd = client.fd(), .events = POLLIN | POLLRDHUP, .revents = 0};
  if (poll(&entry, 1, 0) <= 0) return false;
  char byte = 0;
  return (entry.revents & (POLLERR | POLLHUP)) != 0 ||
         recv(client.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void send_quietly(const Client& client, std::string_view bytes) {
  (void)!::send(client.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

class AbusiveConnections : public Abused {
 protected:
  // A byte now and then, for ever: progress alone must not keep a message alive.
  void expect_drips_are_cut_off(const net::Endpoint& where, const std::string& begin,
                                std::string_view drip) {
    std::vector<Client> peers;
    for (int i = 0; i < kPeers; ++i) peers.emplace_back(where).send(begin);
    for (const Client& peer : peers) {
      while (!is_closed(peer)) {
        send_quietly(peer, drip);
        usleep(1000);
      }
    }
    expect_others_served();
  }
};

TEST_F(AbusiveConnections, SlowHeadersAreCutOff) {
  expect_drips_are_cut_off(served_.http(), "POST /mcp HTTP/1.1\r\n", "X: y\r\n");
}

TEST_F(AbusiveConnections, ASlowBodyIsCutOff) {
  expect_drips_are_cut_off(served_.http(),
                           http("POST", "/mcp", kPostHeaders + "Content-Length: 1000000\r\n"), " ");
}

TEST_F(AbusiveConnections, SlowChunksAreCutOff) {
  expect_drips_are_cut_off(served_.http(),
                           http("POST", "/mcp", kPostHeaders + "Transfer-Encoding: chunked\r\n"),
                           "1\r\n \r\n");
}

TEST_F(AbusiveConnections, ASlowLineIsCutOff) {
  expect_drips_are_cut_off(served_.lines(), "{", " ");
}

TEST_F(AbusiveConnections, SlowReadersAreCutOff) {
  std::vector<Client> peers;
  for (int i = 0; i < kPeers; ++i) {
    Client& over_http = peers.emplace_back(served_.http());
    for (int j = 0; j < 10; ++j) send_quietly(over_http, kPayload);
    Client& lines = peers.emplace_back(served_.lines());
    for (int j = 0; j < 10; ++j)
      send_quietly(lines, stateless_call("1", "payload", R"({"bytes":1000000})") + "\n");
  }
  expect_others_served();
  wait_for_connections(2);  // the witness, and the one that asks
}

TEST_F(AbusiveConnections, IdleOnesKeepNobodyWaiting) {
  std::vector<Client> peers;
  for (int i = 0; i < 500; ++i) {
    peers.emplace_back(served_.http());
    peers.emplace_back(served_.lines());
  }
  expect_others_served();
  for (Client& peer : peers) shutdown(peer.fd(), SHUT_WR);
  wait_for_connections(2);
}

TEST_F(AbusiveConnections, AHalfClosedOneGetsItsAnswer) {
  Client over_http(served_.http());
  over_http.send(stateless_echo("1"));
  shutdown(over_http.fd(), SHUT_WR);
  EXPECT_EQ(over_http.read_response().body, stateless_echoed("1"));
  EXPECT_EQ(over_http.read_to_end(), "");
  Client lines(served_.lines());
  lines.send(stateless_call("1", "echo", R"({"message":"x"})") + "\n");
  shutdown(lines.fd(), SHUT_WR);
  EXPECT_EQ(lines.read_line(), stateless_echoed("1"));
  EXPECT_EQ(lines.read_to_end(), "");
}

TEST_F(AbusiveConnections, AResetAtAnyByteLeavesNothingBehind) {
  const std::string request = stateless_echo("1");
  for (std::size_t size = 0; size <= request.size(); size += 7) {
    Client client(served_.http());
    client.send(std::string_view(request).substr(0, size));
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  wait_for_connections(2);
}

TEST_F(AbusiveConnections, ACallThatNobodyWaitsForIsForgotten) {
  for (int i = 0; i < kPeers; ++i) {
    Client client(served_.http());
    client.send(post(stateless_call("1", "sleep", R"({"ms":600000})"),
                     stateless_headers("tools/call", "sleep")));
  }
  wait_for_connections(2);
  while (served_.metric("gauntlet_server_later_calls") > 0) usleep(1000);
}

class AbusiveCrowd : public Abused {
 protected:
  static constexpr int kRoom = 50;
  static constexpr int kRefusals = 5;
  static Config crowded() {
    Config config = abused_config();
    config.limits.connections_max = kRoom;
    config.limits.refusals_max = kRefusals;
    return config;
  }
  AbusiveCrowd() : Abused(crowded()) {}

  // Once they are gone there is room again.
  void TearDown() override {
    const std::string none = "\ngauntlet_server_connections 1\n";
    while (witness_.ask(http("GET", "/metrics")).body.find(none) == std::string::npos) usleep(1000);
    Abused::TearDown();
  }

  // With the witness, all that there is room for.
  std::vector<Client> crowd() {
    std::vector<Client> peers;
    for (int i = 1; i < kRoom; ++i) peers.emplace_back(served_.http());
    for (Client& peer : peers) EXPECT_EQ(peer.ask(stateless_echo("1")).body, stateless_echoed("1"));
    return peers;
  }
};

TEST_F(AbusiveCrowd, BeyondTheLimitIsRefusedAndThoseInsideAreServed) {
  {
    std::vector<Client> peers = crowd();
    for (int i = 0; i < kRoom; ++i) {
      Client late(served_.http());
      const HttpResponse refusal = late.ask(stateless_echo("1"));
      EXPECT_EQ(refusal.status, 503);
      EXPECT_EQ(refusal.headers.at("retry-after"), "1");
      EXPECT_EQ(refusal.headers.at("connection"), "close");
      EXPECT_THAT(refusal.body, HasSubstr("too many connections"));
      EXPECT_EQ(late.read_to_end(), "");
    }
    for (Client& peer : peers) EXPECT_EQ(peer.ask(stateless_echo("2")).body, stateless_echoed("2"));
    EXPECT_EQ(witness_.ask(stateless_echo("3")).body, stateless_echoed("3"));
  }
}

TEST_F(AbusiveCrowd, LinesAreToldAtOnce) {
  const std::vector<Client> peers = crowd();
  Client late(served_.lines());
  EXPECT_EQ(late.read_line(), R"({"jsonrpc":"2.0","error":{"code":-31503,)"
                              R"("message":"too many connections"}})");
  EXPECT_EQ(late.read_to_end(), "");
  EXPECT_EQ(witness_.ask(stateless_echo("3")).body, stateless_echoed("3"));
}

TEST_F(AbusiveCrowd, MetricsAreThereStill) {
  const std::vector<Client> peers = crowd();
  Client late(served_.http());
  const HttpResponse metrics = late.ask(http("GET", "/metrics"));
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr("gauntlet_server_connections_refused_total 1\n"));
  EXPECT_EQ(late.read_to_end(), "");
}

TEST_F(AbusiveCrowd, TheRefusedTakeNoMoreThanTheirPlaces) {
  const std::vector<Client> peers = crowd();
  std::vector<Client> silent;
  for (int i = 0; i < kRefusals; ++i) silent.emplace_back(served_.http());
  EXPECT_EQ(Client(served_.http()).read_to_end(), "") << "there are no more places: closed at once";
  for (Client& late : silent) EXPECT_EQ(late.read_to_end(), "") << "cut off unheard";
  EXPECT_EQ(Client(served_.http()).ask(stateless_echo("4")).status, 503);
}

TEST(IdleConnections, AreClosedUnlessTheyWaitForSomething) {
  Config config = test_config();
  config.limits.idle_ns = 50 * core::kMillisecond;
  Served served(config);
  const std::string session =
      "Mcp-Session-Id: " +
      Client(served.http()).ask(post(initialize())).headers.at("mcp-session-id") + "\r\n";
  Client silent(served.http()), used(served.http()), waits(served.http()), lines(served.lines());
  EventReader stream(served.http(), http("GET", "/mcp", "Accept: text/event-stream\r\n" + session));
  EXPECT_EQ(used.ask(stateless_echo("1")).status, 200);
  waits.send(post(stateless_call("1", "sleep", R"({"ms":2500})"),
                  stateless_headers("tools/call", "sleep")));
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(used.read_to_end(), "");
  EXPECT_EQ(waits.read_response().body, stateless_answered("1", R"("slept 2500 ms")"));
  EXPECT_EQ(waits.read_to_end(), "") << "now it does not";
  lines.send(stateless_call("2", "echo", R"({"message":"x"})") + "\n");
  EXPECT_EQ(lines.read_line(), stateless_echoed("2"));
  Letter news;
  news.kind = Letter::Kind::tools_changed;
  served.post(news);
  EXPECT_THAT(stream.next_message()->data, HasSubstr("notifications/tools/list_changed"));
}

}  // namespace
}  // namespace gauntlet::server
