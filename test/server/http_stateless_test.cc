// The stateless era over HTTP, from outside: the happy path and each rule's error and status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

class StatelessHttp : public testing::Test {
 protected:
  void expect(const std::string& request, int status, std::string_view part) {
    const HttpResponse response = client_.ask(request);
    EXPECT_EQ(response.status, status) << request;
    EXPECT_THAT(response.body, HasSubstr(part));
  }

  Served served_;
  Client client_{served_.http()};
};

TEST_F(StatelessHttp, AnswersWithoutAnyOpening) {
  const HttpResponse response = client_.ask(stateless_echo("3"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, stateless_echoed("3"));
  EXPECT_FALSE(response.headers.contains("mcp-session-id"));
  EXPECT_TRUE(response.headers.contains("date"));
  expect(post(stateless("1", "server/discover"), stateless_headers("server/discover")), 200,
         R"("supportedVersions":["2026-07-28"])");
  expect(post(stateless("1", "tools/list"), stateless_headers("tools/list")), 200,
         R"("resultType":"complete")");
}

TEST_F(StatelessHttp, MissingMetaIsInvalidParams) {
  expect(post(message("1", "tools/list", "{}"), stateless_headers("tools/list")), 400, "-32602");
  const std::string no_capabilities = message(
      "1", "tools/list", R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}})");
  expect(post(no_capabilities, stateless_headers("tools/list")), 400, "-32602");
}

TEST_F(StatelessHttp, HeadersMustMatchTheBody) {
  const std::string list = stateless("1", "tools/list");
  expect(post(list), 400, "-32020");
  expect(post(list, stateless_headers("tools/call")), 400, "-32020");
  expect(post(list, "MCP-Protocol-Version: 2025-11-25\r\nMcp-Method: tools/list\r\n"), 400,
         "-32020");
  const std::string call = stateless_call("1", "echo", R"({"message":"x"})");
  expect(post(call, stateless_headers("tools/call")), 400, "-32020");
  expect(post(call, stateless_headers("tools/call", "sleep")), 400, "-32020");
  expect(post(call, stateless_headers("tools/call", "=?base64?ZWNobw==?=")), 200, "complete");
}

TEST_F(StatelessHttp, AnUnsupportedVersionIsNamed) {
  const std::string list =
      message("1", "tools/list",
              R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2030-01-01",)"
              R"("io.modelcontextprotocol/clientCapabilities":{}}})");
  expect(post(list, "MCP-Protocol-Version: 2030-01-01\r\nMcp-Method: tools/list\r\n"), 400,
         R"("code":-32022,"message":"unsupported protocol version",)"
         R"("data":{"supported":["2026-07-28"],"requested":"2030-01-01"})");
}

TEST_F(StatelessHttp, MethodsOfTheOtherEraAreNotFound) {
  for (const char* method : {"initialize", "ping", "logging/setLevel", "unknown/method"})
    expect(post(stateless(R"("q")", method), stateless_headers(method)), 404,
           R"("id":"q","error":{"code":-32601)");
}

TEST_F(StatelessHttp, NotificationsAreAccepted) {
  expect(
      post(stateless("", "notifications/cancelled"), stateless_headers("notifications/cancelled")),
      202, "");
}

TEST_F(StatelessHttp, HandlersErrorsStayInBand) {
  const std::string headers = stateless_headers("tools/call", "no such");
  expect(post(stateless_call("1", "no such", "{}"), headers), 200, "-32602");
  const std::string nameless = message("1", "tools/call", R"({"arguments":{},)" + kMeta + "}");
  expect(post(nameless, stateless_headers("tools/call")), 200, "-32602");
}

TEST_F(StatelessHttp, TheSessionHeaderIsIgnored) {
  expect(post(stateless("1", "tools/list"),
              stateless_headers("tools/list") + "Mcp-Session-Id: whatever\r\n"),
         200, "complete");
}

TEST_F(StatelessHttp, BothErasShareOneConnection) {
  const std::string id = client_.ask(post(initialize())).headers["mcp-session-id"];
  EXPECT_EQ(client_.ask(stateless_echo("2")).body, stateless_echoed("2"));
  EXPECT_EQ(client_.ask(post(echo("3"), "Mcp-Session-Id: " + id + "\r\n")).body, echoed("3"));
}

}  // namespace
}  // namespace gauntlet::server
