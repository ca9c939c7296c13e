#include "mcp/answer.h"

#include <gtest/gtest.h>

#include "mcp/tool_list.h"

namespace gauntlet::mcp {
namespace {

// Answers hold views: the text and reader live as long as the fixture.
class AnswerTest : public testing::Test {
 protected:
  Answer read(std::string_view json) {
    text_.assign(json);
    text_.append(64, ' ');
    return read_answer(reader_, {text_.data(), json.size()});
  }

  json::Reader reader_;
  std::string text_;
};

TEST_F(AnswerTest, ToolResult) {
  const Answer a = read(R"({"jsonrpc":"2.0","id":1000000007,"result":)"
                        R"({"content":[{"type":"text","text":"x"}]}})");
  EXPECT_EQ(a.kind, Answer::Kind::result);
  EXPECT_TRUE(a.has_number_id);
  EXPECT_EQ(a.id, 1000000007U);
  EXPECT_TRUE(shape_fits(a, "tools/call", Revision::v2025_11_25));
  EXPECT_FALSE(shape_fits(a, "tools/call", Revision::v2026_07_28)) << "resultType is missing";
  EXPECT_FALSE(shape_fits(a, "tools/list", Revision::v2025_11_25));
}

TEST_F(AnswerTest, KeysMayComeInAnyOrder) {
  const Answer a = read(R"({"result":{"resultType":"complete","isError":true,)"
                        R"("content":[]},"id":5,"jsonrpc":"2.0"})");
  EXPECT_EQ(a.kind, Answer::Kind::result);
  EXPECT_EQ(a.id, 5U);
  EXPECT_TRUE(a.is_error);
  EXPECT_TRUE(shape_fits(a, "tools/call", Revision::v2026_07_28));
}

TEST_F(AnswerTest, Errors) {
  const Answer a =
      read(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"no session"}})");
  EXPECT_EQ(a.kind, Answer::Kind::error);
  EXPECT_FALSE(a.has_number_id);
  EXPECT_EQ(a.error_code, -32001);
  EXPECT_EQ(a.error_message, "no session");
}

TEST_F(AnswerTest, AStringIdIsNotOurs) {
  const Answer a = read(R"({"jsonrpc":"2.0","id":"1000000007","result":{}})");
  EXPECT_EQ(a.kind, Answer::Kind::result);
  EXPECT_FALSE(a.has_number_id);
  EXPECT_EQ(a.raw_id, R"("1000000007")");
}

TEST_F(AnswerTest, RequestsAndNotifications) {
  EXPECT_EQ(read(R"({"jsonrpc":"2.0","id":3,"method":"ping"})").kind, Answer::Kind::request);
  EXPECT_EQ(read(R"({"jsonrpc":"2.0","method":"notifications/x","params":{}})").kind,
            Answer::Kind::notification);
}

TEST_F(AnswerTest, Opening) {
  const Answer a = read(R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18",)"
                        R"("capabilities":{},"serverInfo":{"name":"s","version":"1"}}})");
  EXPECT_EQ(a.protocol_version, "2025-06-18");
  EXPECT_EQ(a.server_name, "s");
  const Answer b = read(R"({"jsonrpc":"2.0","id":2,"result":{"resultType":"complete",)"
                        R"("supportedVersions":["2026-07-28"],"_meta":)"
                        R"({"io.modelcontextprotocol/serverInfo":{"name":"m","version":"2"}}}})");
  EXPECT_TRUE(b.discovers_stateless);
  EXPECT_EQ(b.server_name, "m");
}

TEST_F(AnswerTest, WhatIsNotJsonRpcIsInvalid) {
  for (const std::string_view bad :
       {"", "null", "[]", "{}", R"({"id":1,"result":{}})",
        R"({"jsonrpc":"1.0","id":1,"result":{}})",
        R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","te)",
        R"({"jsonrpc":"2.0","id":1,"result":{}} x)", R"({"jsonrpc":"2.0","id":1,"result":{}}})",
        R"({"jsonrpc":"2.0","id":1,"result":7})", R"({"jsonrpc":"2.0","id":1,"error":{}})",
        R"({"jsonrpc":"2.0","id":1,"result":{"content":[7]}})",
        R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text"}]}})",
        R"({"jsonrpc":"2.0","id":1,"result":{"isError":"yes"}})",
        R"({"jsonrpc":"2.0","id":1,"method":"x","result":{}})",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
        "\"\xff\"}]}}"})
    EXPECT_EQ(read(bad).kind, Answer::Kind::invalid) << bad;
}

TEST_F(AnswerTest, ToolNames) {
  const std::string_view json =
      R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"},{"name":"b"}],"nextCursor":"c"}})";
  const ToolList list = read_tool_list(json);
  EXPECT_EQ(list.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(list.more);
}

TEST_F(AnswerTest, NoToolNamesInWhatIsNotSuchAnAnswer) {
  for (const std::string_view bad :
       {"", "7", "[]", R"({"result":7})", R"({"result":{"tools":{}}})",
        R"({"result":{"tools":[7]}})", R"({"result":{"tools":[{"name":"a"]}]},"x"z})"})
    EXPECT_TRUE(read_tool_list(bad).names.empty()) << bad;
}

}  // namespace
}  // namespace gauntlet::mcp
