#include "mcp/rules.h"

#include <gtest/gtest.h>

namespace gauntlet::mcp {
namespace {

Message request(std::string_view method) {
  Message message;
  message.kind = Message::Kind::request;
  message.id = "1";
  message.method = method;
  return message;
}

Message claimed(std::string_view method, std::string_view version = "2026-07-28") {
  Message message = request(method);
  message.has_claim = true;
  message.has_client_capabilities = true;
  message.claimed_version = version;
  return message;
}

HeaderFacts headers_for(const Message& message) {
  return {.protocol_version = "2026-07-28", .method = message.method, .name = {}};
}

// 0: stateful, 1: stateless, else the error's code.
int outcome(const Message& message, const HeaderFacts* headers) {
  const auto era = classify(message, headers);
  if (!era) {
    EXPECT_EQ(era.error().http_status, 400);
    return era.error().code;
  }
  return *era == Era::stateless ? 1 : 0;
}

TEST(Classify, WithoutAClaimAMessageIsStateful) {
  EXPECT_EQ(outcome(request("tools/list"), nullptr), 0);
  const HeaderFacts none;
  EXPECT_EQ(outcome(request("tools/list"), &none), 0);
  for (const char* version : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
    const HeaderFacts headers{.protocol_version = version, .method = {}, .name = {}};
    EXPECT_EQ(outcome(request("tools/list"), &headers), 0);
  }
}

TEST(Classify, TheBodyDecides) {
  EXPECT_EQ(outcome(claimed("tools/list"), nullptr), 1);
  EXPECT_EQ(outcome(claimed("initialize"), nullptr), 1);
  const Message message = claimed("initialize");
  const HeaderFacts headers = headers_for(message);
  EXPECT_EQ(outcome(message, &headers), 1);
  EXPECT_EQ(outcome(claimed("tools/list", "2025-11-25"), nullptr), 0);
}

TEST(Classify, AHeaderAloneDoesNotMakeItStateless) {
  const HeaderFacts headers{.protocol_version = "2026-07-28", .method = "x", .name = {}};
  EXPECT_EQ(outcome(request("tools/list"), &headers), kInvalidParams);
  EXPECT_EQ(outcome(request("initialize"), &headers), kHeaderMismatch);
  Message response;
  response.kind = Message::Kind::response;
  EXPECT_EQ(outcome(response, &headers), kInvalidRequest);
  Message notification;
  notification.method = "notifications/cancelled";
  EXPECT_EQ(outcome(notification, &headers), 1);
}

TEST(Classify, AnUnknownVersionInTheHeaderIsRefusedButForInitialize) {
  const HeaderFacts headers{.protocol_version = "2099-01-01", .method = {}, .name = {}};
  EXPECT_EQ(outcome(request("tools/list"), &headers), kBadRequest);
  EXPECT_EQ(outcome(request("initialize"), &headers), 0);
}

TEST(Classify, HeaderAndBodyMustNameTheSameVersion) {
  const Message message = claimed("tools/list");
  HeaderFacts headers = headers_for(message);
  headers.protocol_version = "2025-11-25";
  EXPECT_EQ(outcome(message, &headers), kHeaderMismatch);
  headers.protocol_version.reset();
  EXPECT_EQ(outcome(message, &headers), kHeaderMismatch);
}

TEST(Classify, AnUnsupportedVersionIsNamedBack) {
  const Message message = claimed("tools/list", "2099-01-01");
  HeaderFacts headers = headers_for(message);
  headers.protocol_version = "2099-01-01";
  const auto era = classify(message, &headers);
  ASSERT_FALSE(era);
  EXPECT_EQ(era.error().code, kUnsupportedProtocolVersion);
  EXPECT_EQ(era.error().requested, "2099-01-01");
}

TEST(Classify, MetaMustBeWhole) {
  Message message = claimed("tools/list");
  message.has_client_capabilities = false;
  EXPECT_EQ(outcome(message, nullptr), kInvalidParams);
  message = claimed("tools/list", "");  // there, but not a string
  EXPECT_EQ(outcome(message, nullptr), kInvalidParams);
}

TEST(Classify, TheMethodHeaderMirrorsTheMethod) {
  const Message message = claimed("tools/list");
  HeaderFacts headers = headers_for(message);
  EXPECT_EQ(outcome(message, &headers), 1);
  headers.method = "tools/List";
  EXPECT_EQ(outcome(message, &headers), kHeaderMismatch);
  headers.method.reset();
  EXPECT_EQ(outcome(message, &headers), kHeaderMismatch);
}

TEST(Classify, TheNameHeaderMirrorsNameOrUri) {
  Message message = claimed("tools/call");
  message.name = "echo";
  HeaderFacts headers = headers_for(message);
  EXPECT_EQ(outcome(message, &headers), kHeaderMismatch);
  headers.name = "echo";
  EXPECT_EQ(outcome(message, &headers), 1);
  headers.name = "Echo";
  EXPECT_EQ(outcome(message, &headers), kHeaderMismatch);

  message = claimed("resources/read");
  message.name = "not this";
  message.uri = "test://a";
  headers = headers_for(message);
  headers.name = "test://a";
  EXPECT_EQ(outcome(message, &headers), 1);
}

TEST(Classify, TheNameHeaderMayBeBase64) {
  Message message = claimed("tools/call");
  HeaderFacts headers = headers_for(message);
  const auto decodes = [&](std::string_view header, std::string_view name) {
    message.name = name;
    headers.name = header;
    return outcome(message, &headers) == 1;
  };
  EXPECT_TRUE(decodes("=?base64?w6ljaG8=?=",
                      "\xC3\xA9"
                      "cho"));
  EXPECT_TRUE(decodes("=?base64?IGE=?=", " a"));
  EXPECT_TRUE(decodes("=?base64?YWJj?=", "abc"));
  EXPECT_TRUE(decodes("=?base64?YQ==?=", "a"));
  EXPECT_FALSE(decodes("=?base64?YQ?=", "a"));    // not padded
  EXPECT_FALSE(decodes("=?base64?YR==?=", "a"));  // stray bits
  EXPECT_FALSE(decodes("=?base64?Y!==?=", "a"));  // not in the alphabet
  EXPECT_FALSE(decodes("=?base64?YWJj?=", "abd"));
  EXPECT_TRUE(decodes("=?base64?=", "=?base64?="));  // too short to be encoded: literal
}

TEST(Negotiate, GivesWhatWasAskedForOrTheLatestStateful) {
  EXPECT_EQ(negotiate("2024-11-05"), Revision::v2024_11_05);
  EXPECT_EQ(negotiate("2025-06-18"), Revision::v2025_06_18);
  EXPECT_EQ(negotiate("2026-07-28"), Revision::v2025_11_25);
  EXPECT_EQ(negotiate(""), Revision::v2025_11_25);
}

TEST(HttpStatus, UnknownMethodsDifferByEra) {
  EXPECT_EQ(http_status_of(kMethodNotFound, Era::stateless), 404);
  EXPECT_EQ(http_status_of(kMethodNotFound, Era::stateful), 200);
  EXPECT_EQ(http_status_of(kInvalidParams, Era::stateless), 200);
  EXPECT_EQ(http_status_of(kParseError, Era::stateful), 400);
}

TEST(AppendError, RepeatsTheIdOrLeavesItOut) {
  std::string out;
  append_error(out, "\"a\"", {kMethodNotFound, 404, "no \"such\" method"});
  EXPECT_EQ(out,
            R"({"jsonrpc":"2.0","id":"a","error":{"code":-32601,"message":"no \"such\" method"}})");
  out.clear();
  append_error(out, {}, {kParseError, 400, "not JSON"});
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"not JSON"}})");
}

TEST(AppendError, SaysWhichVersionsThereAre) {
  std::string out;
  append_error(out, "1", {kUnsupportedProtocolVersion, 400, "unsupported", "20\"99"});
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"unsupported",)"
                 R"("data":{"supported":["2026-07-28"],"requested":"20\"99"}}})");
}

}  // namespace
}  // namespace gauntlet::mcp
