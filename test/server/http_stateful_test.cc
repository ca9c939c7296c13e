// The stateful era over HTTP, from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

std::string session_header(const std::string& id) { return "Mcp-Session-Id: " + id + "\r\n"; }

std::string open_session(Client& client) {
  return client.ask(post(initialize())).headers["mcp-session-id"];
}

TEST(StatefulHttp, OpensCallsClosesAndForgets) {
  Served served;
  Client client(served.http());
  const HttpResponse opened = client.ask(post(initialize("2025-06-18")));
  EXPECT_EQ(opened.status, 200);
  EXPECT_EQ(opened.headers.at("content-type"), "application/json");
  EXPECT_THAT(opened.body, HasSubstr(R"("protocolVersion":"2025-06-18")"));
  const std::string id = opened.headers.at("mcp-session-id");
  EXPECT_EQ(id.size(), 32U);
  const std::string headers = session_header(id) + "MCP-Protocol-Version: 2025-06-18\r\n";

  const HttpResponse noted = client.ask(post(message("", "notifications/initialized"), headers));
  EXPECT_EQ(noted.status, 202);
  EXPECT_EQ(noted.body, "");
  EXPECT_EQ(client.ask(post(echo("7"), headers)).body, echoed("7"));
  EXPECT_EQ(client.ask(post(message("8", "ping"), headers)).body,
            R"({"jsonrpc":"2.0","id":8,"result":{}})");
  EXPECT_EQ(served.metric("gauntlet_server_sessions"), 1);

  EXPECT_EQ(client.ask(http("DELETE", "/mcp", headers)).status, 200);
  const HttpResponse gone = client.ask(post(echo("9"), headers));
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.body,
            R"({"jsonrpc":"2.0","id":9,"error":{"code":-32001,"message":"Session not found"}})");
  EXPECT_EQ(client.ask(http("DELETE", "/mcp", headers)).status, 404);
  EXPECT_EQ(served.metric("gauntlet_server_sessions"), 0);
}

TEST(StatefulHttp, EachInitializeGetsItsOwnSession) {
  Served served;
  Client client(served.http());
  EXPECT_NE(open_session(client), open_session(client));
}

TEST(StatefulHttp, ASessionIsNeededAndMustBeKnown) {
  Served served;
  Client client(served.http());
  const HttpResponse missing = client.ask(post(echo("1")));
  EXPECT_EQ(missing.status, 400);
  EXPECT_THAT(missing.body, HasSubstr("-32000"));
  EXPECT_EQ(client.ask(post(message("", "notifications/initialized"))).status, 400);
  for (const char* id :
       {"x", "00000000000000000000000000000000", "ABCDEFABCDEFABCDEFABCDEFABCDEFAB"})
    EXPECT_EQ(client.ask(post(echo("1"), session_header(id))).status, 404) << id;
  EXPECT_EQ(client.ask(http("DELETE", "/mcp")).status, 400);
}

TEST(StatefulHttp, SessionsAreBounded) {
  Config config = test_config();
  config.limits.sessions_max = 1;
  Served served(config);
  Client client(served.http());
  EXPECT_EQ(client.ask(post(initialize())).status, 200);
  const HttpResponse full = client.ask(post(initialize()));
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.headers.at("retry-after"), "1");
}

TEST(StatefulHttp, AnUnsupportedVersionHeaderIs400) {
  Served served;
  Client client(served.http());
  const std::string session = session_header(open_session(client));
  EXPECT_EQ(client.ask(post(echo("1"), session + "MCP-Protocol-Version: 1999-01-01\r\n")).status,
            400);
  EXPECT_EQ(client.ask(post(echo("1"), session + "MCP-Protocol-Version: 2025-03-26\r\n")).status,
            200);
}

TEST(StatefulHttp, UnknownMethodsAndToolsAreErrorsInBand) {
  Served served;
  Client client(served.http());
  const std::string session = session_header(open_session(client));
  const HttpResponse method = client.ask(post(message("1", "no/such"), session));
  EXPECT_EQ(method.status, 200);
  EXPECT_THAT(method.body, HasSubstr("-32601"));
  const HttpResponse discover = client.ask(post(message("1", "server/discover"), session));
  EXPECT_EQ(discover.status, 200);
  EXPECT_THAT(discover.body, HasSubstr("-32601"));
  const HttpResponse tool = client.ask(post(call("1", "no such", "{}"), session));
  EXPECT_EQ(tool.status, 200);
  EXPECT_THAT(tool.body, HasSubstr("-32602"));
}

TEST(StatefulHttp, ResponsesFromClientsAreAccepted) {
  Served served;
  Client client(served.http());
  const std::string session = session_header(open_session(client));
  EXPECT_EQ(client.ask(post(R"({"jsonrpc":"2.0","id":5,"result":{}})", session)).status, 202);
}

TEST(StatefulHttp, BadMessagesAre400) {
  Served served;
  Client client(served.http());
  for (const char* body : {"{", "[]", "x", R"({"jsonrpc":"2.0","id":null,"method":"ping"})",
                           R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])"})
    EXPECT_EQ(client.ask(post(body)).status, 400) << body;
  const HttpResponse empty =
      client.ask(http("POST", "/mcp", kPostHeaders + "Content-Length: 0\r\n"));
  EXPECT_EQ(empty.status, 400);
  EXPECT_THAT(empty.body, HasSubstr("-32700"));
}

}  // namespace
}  // namespace gauntlet::server
