#include "wire/web_socket_handshake.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gauntlet::wire {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // of RFC 6455 section 1.3

// A message, and the head that the parser makes of it.
struct Parsed {
  Parsed(HttpParser::Role role, std::string text)
      : bytes(std::move(text) + std::string(kReadPadding, '\0')), parser(role, HttpLimits()) {
    const auto step = parser.step(std::span<char>(bytes).first(bytes.size() - kReadPadding));
    EXPECT_EQ(step.event, HttpParser::Event::head) << bytes;
  }
  const HttpHead& head() const { return parser.head(); }

  std::string bytes;
  HttpParser parser;
};

std::string request() {
  std::string text;
  append_web_socket_request(text, "server.example.com", "/chat", kKey, "mcp", {});
  return text;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(WebSocketHandshake, MakesTheAnswerOfTheExample) {
  EXPECT_EQ(web_socket_accept(kKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketHandshake, BothSidesAgree) {
  const Parsed asked(HttpParser::Role::request, request());
  EXPECT_TRUE(asks_for_web_socket(asked.head()));
  const auto key = check_web_socket_request(asked.head());
  ASSERT_TRUE(key);
  EXPECT_EQ(*key, kKey);
  EXPECT_TRUE(offers_protocol(asked.head(), "mcp"));
  EXPECT_FALSE(offers_protocol(asked.head(), "MCP"));

  std::string text;
  append_web_socket_answer(text, *key, "mcp", "Date: now\r\n");
  const Parsed answered(HttpParser::Role::response, text);
  EXPECT_TRUE(accepts_web_socket(answered.head(), kKey, "mcp"));
  EXPECT_FALSE(accepts_web_socket(answered.head(), kKey, ""));
  EXPECT_FALSE(accepts_web_socket(answered.head(), "AAAAAAAAAAAAAAAAAAAAAA==", "mcp"));
}

TEST(WebSocketHandshake, TakesListsAsBrowsersSendThem) {
  const Parsed asked(
      HttpParser::Role::request,
      replaced(replaced(request(), "Connection: Upgrade", "Connection: keep-alive, uPGRADE"),
               "Protocol: mcp", "Protocol: soap\r\nSec-WebSocket-Protocol: x ,mcp"));
  EXPECT_TRUE(check_web_socket_request(asked.head()));
  EXPECT_TRUE(offers_protocol(asked.head(), "mcp"));
  EXPECT_TRUE(offers_protocol(asked.head(), "soap"));
  EXPECT_FALSE(offers_protocol(asked.head(), "so"));
}

TEST(WebSocketHandshake, RefusesWhatIsNotOne) {
  using Error = HandshakeError;
  struct Row {
    std::string_view what, with;
    Error error;
  };
  const std::vector<Row> rows = {
      {"GET", "POST", Error::malformed},
      {"HTTP/1.1", "HTTP/1.0", Error::malformed},
      {"Upgrade: websocket", "Upgrade: h2c", Error::malformed},
      {"Connection: Upgrade", "Connection: close", Error::malformed},
      {"\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n", Error::malformed},
      {"\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", Error::malformed},
      {"\r\n\r\n", "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", Error::malformed},
      {"Version: 13", "Version: 8", Error::unsupported_version},
      {"Sec-WebSocket-Version: 13", "X: y", Error::unsupported_version},
      {kKey, "AAAA", Error::malformed},
      {kKey, "AAAAAAAAAAAAAAAAAAAAAB==", Error::malformed},
      {kKey, "AAAAAAAAAAA-AAAAAAAAAA==", Error::malformed},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.with);
    const Parsed asked(HttpParser::Role::request, replaced(request(), row.what, row.with));
    const auto key = check_web_socket_request(asked.head());
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error(), row.error);
  }
}

}  // namespace
}  // namespace gauntlet::wire
