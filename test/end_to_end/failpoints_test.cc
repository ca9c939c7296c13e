// Faults that are ordered in a running server: what clients get, what is counted, and that all is
// well again afterwards.
#include <csignal>

#include "end_to_end/workers.h"
#include "server/events.h"

namespace gauntlet::end_to_end {
namespace {

using server::Client;
using server::HttpResponse;

class Failpoints : public testing::Test {
 protected:
  HttpResponse order(const std::string& method, const std::string& what,
                     const std::string& token = "secret") {
    return Client(*net::Endpoint::parse("unix:" + control()))
        .ask(method + " /failpoints" + what + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
             token + "\r\n\r\n");
  }
  double hits(const std::string& failpoint) {
    return metric_of(server_,
                     "gauntlet_server_failpoint_hits_total{failpoint=\"" + failpoint + "\"}");
  }
  net::Endpoint http() const { return endpoint_of(server_.url()); }
  net::Endpoint lines() const { return *net::Endpoint::parse(server_.second_url().substr(6)); }
  std::string control() const { return (scratch_.path() / "failpoints").string(); }

  // A connection of lines, initialized.
  Client conversation() {
    Client client(lines());
    client.send(server::initialize() + "\n");
    client.read_line();
    return client;
  }
  // The headers of a new session.
  std::string session() {
    const auto opened = Client(http()).ask(server::post(server::initialize()));
    return "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: " +
           opened.headers.at("mcp-session-id") + "\r\n";
  }

  Scratch scratch_;
  Server server_{{"--http", "127.0.0.1:auto", "--tcp", "127.0.0.1:auto", "--workers", "2",
                  "--failpoints", "unix:" + control(), "--failpoint-token", "secret"}};
};

TEST_F(Failpoints, ADelayedCallKeepsNobodyElseWaiting) {
  EXPECT_EQ(order("POST", "/handler-delay?ms=300").status, 200);
  Client client = conversation();
  const core::Nanos begin = core::monotonic_ns();
  client.send(server::echo("2") + "\n" + server::message("3", "ping") + "\n");
  EXPECT_EQ(client.read_line(), R"({"jsonrpc":"2.0","id":3,"result":{}})");
  const std::string late = client.read_line();
  EXPECT_EQ(late, R"({"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"x"}]}})");
  EXPECT_GE(core::monotonic_ns() - begin, 300 * core::kMillisecond);
  EXPECT_EQ(hits("handler-delay"), 1);
  EXPECT_EQ(order("DELETE", "/handler-delay").status, 200);
  client.send(server::echo("4") + "\n" + server::message("5", "ping") + "\n");
  EXPECT_NE(client.read_line().find("\"id\":4,"), std::string::npos);
  EXPECT_EQ(hits("handler-delay"), 1);
}

TEST_F(Failpoints, ADelayedCallIsAnsweredInBothErasOverHttp) {
  EXPECT_EQ(order("POST", "/handler-delay?ms=100").status, 200);
  const core::Nanos begin = core::monotonic_ns();
  Client client(http());
  EXPECT_EQ(client.ask(server::post(server::echo("1"), session())).body,
            R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"x"}]}})");
  const auto stateless = client.ask(server::stateless_echo("7")).body;
  EXPECT_NE(stateless.find(R"("text":"x")"), std::string::npos) << stateless;
  EXPECT_NE(stateless.find(R"("resultType":"complete")"), std::string::npos) << stateless;
  const auto progress =
      client.ask(server::post(server::call("2", "progress", R"({"steps":1,"ms":1})"), session()));
  EXPECT_NE(progress.body.find(R"("id":2,"result")"), std::string::npos) << progress.body;
  EXPECT_GE(core::monotonic_ns() - begin, 300 * core::kMillisecond);
  EXPECT_EQ(hits("handler-delay"), 3);
}

TEST_F(Failpoints, ADelayedCallCanBeCancelled) {
  EXPECT_EQ(order("POST", "/handler-delay?ms=600000").status, 200);
  Client client = conversation();
  client.send(server::echo("2") + "\n" +
              server::message("", "notifications/cancelled", R"({"requestId":2})") + "\n" +
              server::message("3", "ping") + "\n");
  EXPECT_NE(client.read_line().find("\"id\":3,"), std::string::npos);
  while (metric_of(server_, "gauntlet_server_later_calls") != 0) usleep(10'000);
}

TEST_F(Failpoints, OneToolFailsAndTheOthersDoNot) {
  EXPECT_EQ(order("POST", "/tool?name=echo&ms=50&fail=1").status, 200);
  Client client = conversation();
  client.send(server::echo("2") + "\n");
  const std::string failed = client.read_line();
  EXPECT_NE(failed.find(R"("isError":true)"), std::string::npos) << failed;
  EXPECT_NE(failed.find("failpoint"), std::string::npos) << failed;
  client.send(server::call("3", "counter", "{}") + "\n");
  EXPECT_EQ(client.read_line().find("isError"), std::string::npos);
  EXPECT_EQ(hits("tool/echo"), 1);
  EXPECT_EQ(order("DELETE", "").status, 200);
  client.send(server::echo("4") + "\n");
  EXPECT_EQ(client.read_line().find("isError"), std::string::npos);
}

TEST_F(Failpoints, ASessionOutOfReachIsNotOneThatIsGone) {
  const std::string headers = session();
  EXPECT_EQ(order("POST", "/registry?shards=0-63").status, 200);
  Client client(http());
  const auto refused_503 = [&](const std::string& request) {
    const HttpResponse response = client.ask(request);
    EXPECT_EQ(response.status, 503) << request << response.body;
    EXPECT_EQ(response.headers.count("retry-after"), 1U);
    EXPECT_NE(response.body.find("out of reach"), std::string::npos) << response.body;
  };
  refused_503(server::post(server::echo("2"), headers));
  refused_503(server::http("GET", "/mcp", "Accept: text/event-stream\r\n" + headers));
  refused_503(server::http("DELETE", "/mcp", headers));
  const std::string id = headers.substr(headers.rfind(' ') + 1, 32);
  refused_503(
      server::http("POST", "/message?sessionId=" + id, server::kPostHeaders, server::echo("2")));
  EXPECT_EQ(client.ask(server::post(server::initialize())).status, 503)
      << "no shard to open one in";
  EXPECT_GE(hits("registry"), 4);
  EXPECT_EQ(order("DELETE", "/registry").status, 200);
  EXPECT_EQ(client.ask(server::post(server::echo("2"), headers)).status, 200);
  EXPECT_EQ(client.ask(server::http("DELETE", "/mcp", headers)).status, 200);
  EXPECT_EQ(client.ask(server::post(server::echo("2"), headers)).status, 404);
}

TEST_F(Failpoints, ACutLosesWhatOneWorkerTellsAnother) {
  EXPECT_EQ(order("POST", "/cut?from=0&to=1").status, 200);
  EXPECT_EQ(order("POST", "/cut?from=1&to=0").status, 200);
  const double lost = metric_of(server_, "gauntlet_server_letters_lost_total");
  EXPECT_EQ(Client(http()).ask(server::http("DELETE", "/mcp", session())).status, 200);
  EXPECT_EQ(hits("cut"), 1) << "the end of the session is told to the other worker";
  EXPECT_EQ(metric_of(server_, "gauntlet_server_letters_lost_total"), lost + 1);
  EXPECT_EQ(order("DELETE", "/cut").status, 200);
  EXPECT_EQ(Client(http()).ask(server::http("DELETE", "/mcp", session())).status, 200);
  EXPECT_EQ(hits("cut"), 1);
}

TEST_F(Failpoints, AWorkerThatIsReplacedObeysToo) {
  EXPECT_EQ(order("POST", "/tool?name=echo&fail=1").status, 200);
  const auto before = workers_of(server_, 2);
  for (const pid_t worker : before) kill(worker, SIGKILL);
  for (;;) {
    const auto now = workers_of(server_, 2);
    if (now[0] != before[0] && now[1] != before[1] && now[0] != before[1]) break;
    usleep(1000);
  }
  Client client = conversation();
  client.send(server::echo("2") + "\n");
  EXPECT_NE(client.read_line().find(R"("isError":true)"), std::string::npos);
}

TEST_F(Failpoints, TakeNoOrdersWithoutTheToken) {
  EXPECT_EQ(order("POST", "/tool?name=echo&fail=1", "guess").status, 401);
  EXPECT_EQ(Client(http()).ask(server::http("POST", "/failpoints/tool?name=echo")).status, 404);
  Client client = conversation();
  client.send(server::echo("2") + "\n");
  EXPECT_EQ(client.read_line().find("isError"), std::string::npos);
}

TEST(WithoutFailpoints, ThereAreNone) {
  const Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  EXPECT_EQ(metric_of(server, "gauntlet_server_failpoint_active{failpoint=\"cut\"}"), -1);
  EXPECT_EQ(Client(endpoint_of(server.url())).ask(server::http("GET", "/failpoints")).status, 404);
}

}  // namespace
}  // namespace gauntlet::end_to_end
