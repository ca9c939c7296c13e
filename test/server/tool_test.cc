#include "server/tool.h"

#include <gtest/gtest.h>

#include <string>

#include "net/loop.h"

namespace gauntlet::server {
namespace {

// The argument "message" of a call, as it was read with the whole message and read once more.
struct Twice {
  explicit Twice(const std::string& arguments) {
    const std::string json = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{)" +
                             std::string(R"("name":"echo","arguments":)") + arguments + "}}";
    const std::string bytes = json + std::string(net::kReadPadding, ' ');
    json::Reader reader, second_reader;
    const auto message = mcp::parse_message(reader, {bytes.data(), json.size()});
    EXPECT_TRUE(message) << json;
    if (!message) return;
    std::string body;
    Reply reply(body, "1", mcp::Era::stateless);
    with_message = text(ToolCall(*message, second_reader, reply).string_token("message"));
    alone = text(ToolCall(message->arguments, second_reader, reply).string_token("message"));
  }
  static std::string text(std::optional<std::string_view> token) {
    return token ? std::string(*token) : "absent";
  }

  std::string with_message, alone;
};

TEST(ToolCall, AnArgumentIsTheSameHoweverItIsRead) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"message":"a"})", R"("a")"},
      {R"( { "message" : "a b" , "x" : 1 } )", R"("a b")"},
      {R"({"x":[{"message":"inner"}],"message":"\u00e9\"\\"})", R"("\u00e9\"\\")"},
      {R"({"m\u0065ssage":"by an escaped name"})", R"("by an escaped name")"},
      {R"({"message":"first","message":"last"})", R"("last")"},
      {R"({"message":"first","message":2})", "absent"},
      {R"({"message":{"message":"x"}})", "absent"},
      {R"({"message":null})", "absent"},
      {R"({"a":1,"b":2,"c":3,"d":4,"e":5,"message":"behind many"})", R"("behind many")"},
      {R"({"message":"before many","a":1,"b":2,"c":3,"d":4,"e":5})", R"("before many")"},
      {"{}", "absent"},
      {"[]", "absent"},
      {R"({"message":"of the first"},"arguments":{})", "absent"},
      {R"(7,"arguments":{"message":"of the second"})", R"("of the second")"},
  };
  for (const auto& [arguments, expected] : rows) {
    const Twice read(arguments);
    EXPECT_EQ(read.with_message, expected) << arguments;
    EXPECT_EQ(read.alone, expected) << arguments;
  }
}

}  // namespace
}  // namespace gauntlet::server
