#include "mcp/message.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mcp/revision.h"

namespace gauntlet::mcp {
namespace {

// Keeps the bytes and the reader alive as long as the views.
struct Parsed {
  explicit Parsed(std::string_view json) : bytes(json) {
    bytes.append(64, ' ');
    result = parse_message(reader, {bytes.data(), json.size()});
  }
  const Message& operator*() const { return *result; }
  const Message* operator->() const { return &*result; }

  std::string bytes;
  json::Reader reader;
  std::expected<Message, MessageError> result;
};

int code_of(std::string_view json) {
  const Parsed parsed(json);
  return parsed.result ? 0 : parsed.result.error().code;
}

std::string id_of(std::string_view token) {
  const Parsed parsed(R"({"jsonrpc":"2.0","id":)" + std::string(token) + R"(,"method":"ping"})");
  return parsed.result ? std::string(parsed->id) : "refused";
}

TEST(Message, ReadsAStatelessToolCall) {
  const Parsed parsed(
      R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo","arguments":)"
      R"({"message":"x"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{},"progressToken":3}}})");
  ASSERT_TRUE(parsed.result);
  EXPECT_EQ(parsed->kind, Message::Kind::request);
  EXPECT_EQ(parsed->id, "3");
  EXPECT_EQ(parsed->method, "tools/call");
  EXPECT_EQ(parsed->name, "echo");
  EXPECT_EQ(parsed->arguments, R"({"message":"x"})");
  EXPECT_TRUE(parsed->has_claim);
  EXPECT_TRUE(parsed->has_client_capabilities);
  EXPECT_EQ(parsed->claimed_version, "2026-07-28");
}

TEST(Message, TakesTheKeysInAnyOrder) {
  const Parsed parsed(
      R"( {"params" : {"_meta":{},"arguments":{ } ,"name":"n"}, "method":"tools/call",)"
      R"("id" : "a" ,"jsonrpc":"2.0"} )");
  ASSERT_TRUE(parsed.result);
  EXPECT_EQ(parsed->id, "\"a\"");
  EXPECT_EQ(parsed->name, "n");
  EXPECT_EQ(parsed->arguments.substr(0, 3), "{ }");
  EXPECT_FALSE(parsed->has_claim);
}

TEST(Message, ReadsAnEscapedKeyAndMethod) {
  const Parsed parsed(R"({"jsonrpc":"2.0","id":1,"\u006dethod":"tools\/list"})");
  ASSERT_TRUE(parsed.result);
  EXPECT_EQ(parsed->method, "tools/list");
}

TEST(Message, TellsTheKinds) {
  EXPECT_EQ(Parsed(R"({"jsonrpc":"2.0","method":"notifications/initialized"})")->kind,
            Message::Kind::notification);
  EXPECT_EQ(Parsed(R"({"jsonrpc":"2.0","id":1,"result":{}})")->kind, Message::Kind::response);
  EXPECT_EQ(Parsed(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}})")->kind,
            Message::Kind::response);
}

TEST(Message, ReadsWhatInitializeAsksFor) {
  const Parsed parsed(R"({"jsonrpc":"2.0","id":0,"method":"initialize",)"
                      R"("params":{"protocolVersion":"2025-06-18"}})");
  EXPECT_EQ(parsed->protocol_version, "2025-06-18");
}

TEST(Message, KeepsTheIdByteForByte) {
  for (const char* token :
       {"0", "-3", "42", "9007199254740993", "18446744073709551617", "-9223372036854775809",
        R"("")", R"("a")", R"("a\"b\\")", R"("\u00e9\ud83d\ude00/\/")", "\"\xC3\xA9\"", R"("3")"})
    EXPECT_EQ(id_of(token), token);
  EXPECT_EQ(id_of("7 \n"), "7");
}

RC_GTEST_PROP(Message, KeepsEveryIntegerId, (std::int64_t id)) {
  RC_ASSERT(id_of(std::to_string(id)) == std::to_string(id));
}

TEST(Message, RefusesIdsThatAreNeitherStringNorInteger) {
  for (const char* token : {"null", "1.0", "1e2", "-", "01", "true", "[1]", R"({"a":1})", "12a"})
    EXPECT_EQ(id_of(token), "refused") << token;
  EXPECT_EQ(id_of('"' + std::string(kIdBytesMax, 'x') + '"'), "refused");
}

TEST(Message, RefusesIdsWithBrokenEscapes) {
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":"\x","method":"ping"})"), kParseError);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":"\ud800","method":"ping"})"), kParseError);
}

TEST(Message, WhatIsNotJsonIsAParseError) {
  for (const char* text :
       {"", " ", "{", "}", "gibberish", R"({"jsonrpc":"2.0","id":1,"method":"ping")",
        R"({"jsonrpc":"2.0" "id":1})", R"({"a":"b)", "{\"a\":\"\n\"}", "{\"a\":\"\xFF\"}",
        R"({"jsonrpc":"2.0","id":1,"method":"ping"}{})",
        R"({"jsonrpc":"2.0","id":1,"method":"ping"} x)"})
    EXPECT_EQ(code_of(text), kParseError) << text;
}

TEST(Message, WhatIsNotAMessageIsAnInvalidRequest) {
  for (const char* text :
       {"[]", "1", "true", R"("x")", "{}", R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])",
        R"({"id":1,"method":"ping"})", R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
        R"({"jsonrpc":2.0,"id":1,"method":"ping"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":1,"method":7})", R"({"jsonrpc":"2.0","result":{}})",
        R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})"})
    EXPECT_EQ(code_of(text), kInvalidRequest) << text;
}

TEST(Message, AnErrorNamesTheIdWhereItIsKnown) {
  const Parsed parsed(R"({"jsonrpc":"1.0","id":"q","method":"ping"})");
  ASSERT_FALSE(parsed.result);
  EXPECT_EQ(parsed.result.error().id, "\"q\"");
}

TEST(Message, FieldsOfAnotherTypeCountAsAbsent) {
  const Parsed parsed(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7,"arguments":[1],)"
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":1,)"
      R"("io.modelcontextprotocol/clientCapabilities":[]}}})");
  ASSERT_TRUE(parsed.result);
  EXPECT_TRUE(parsed->name.empty());
  EXPECT_TRUE(parsed->arguments.empty());
  EXPECT_TRUE(parsed->has_claim);
  EXPECT_TRUE(parsed->claimed_version.empty());
  EXPECT_FALSE(parsed->has_client_capabilities);
}

TEST(Message, DepthHasALimit) {
  const auto nested = [](std::size_t levels) {
    return R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":)" + std::string(levels, '[') +
           std::string(levels, ']') + "}}";
  };
  EXPECT_EQ(code_of(nested(kDepthMax - 1)), 0);
  EXPECT_EQ(code_of(nested(kDepthMax)), kParseError);
  EXPECT_EQ(code_of(nested(200'000)), kParseError);
}

RC_GTEST_PROP(Message, AnyBytesAreJudgedWithoutHarm, (const std::string& text)) {
  const Parsed parsed(text);
  RC_ASSERT(parsed.result || parsed.result.error().code != 0);
}

}  // namespace
}  // namespace gauntlet::mcp
