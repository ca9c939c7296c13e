#include "mcp/request.h"

#include <gtest/gtest.h>

namespace gauntlet::mcp {
namespace {

TEST(Request, MarksIdAndEveryNonce) {
  const RequestText text =
      tool_call(Revision::v2025_11_25, "echo", R"({"a":"{{nonce}}","b":"x {{nonce}} y"})");
  EXPECT_EQ(text.method, "tools/call");
  EXPECT_EQ(text.name, "echo");
  EXPECT_EQ(text.json.substr(text.id_at, kIdDigits), "1000000000");
  ASSERT_EQ(text.nonces_at.size(), 2U);
  for (const auto at : text.nonces_at)
    EXPECT_EQ(text.json.substr(at, kNonceDigits), "0000000000000000");
  EXPECT_EQ(text.json.find("{{"), std::string::npos);
  EXPECT_EQ(text.json.find("_meta"), std::string::npos);
}

TEST(Request, StatelessRequestsCarryTheirMeta) {
  for (const auto& json :
       {tool_call(Revision::v2026_07_28, "echo", "{}").json,
        plain_request(Revision::v2026_07_28, "tools/list").json, discover_request()}) {
    EXPECT_NE(json.find(R"("io.modelcontextprotocol/protocolVersion":"2026-07-28")"),
              std::string::npos)
        << json;
    EXPECT_NE(json.find(R"("io.modelcontextprotocol/clientCapabilities":{})"), std::string::npos);
  }
}

TEST(Request, ToolNamesAreEscaped) {
  EXPECT_NE(tool_call(Revision::v2025_11_25, "a\"b", "{}").json.find(R"("name":"a\"b")"),
            std::string::npos);
}

TEST(Request, HeaderLinesFollowTheRevision) {
  EXPECT_EQ(http_header_lines(Revision::v2025_03_26, "tools/call", "echo"), "");
  EXPECT_EQ(http_header_lines(Revision::v2025_06_18, "tools/call", "echo"),
            "MCP-Protocol-Version: 2025-06-18\r\n");
  EXPECT_EQ(http_header_lines(Revision::v2026_07_28, "tools/call", "echo"),
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n");
  EXPECT_EQ(http_header_lines(Revision::v2026_07_28, "tools/list", ""),
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n");
}

}  // namespace
}  // namespace gauntlet::mcp
