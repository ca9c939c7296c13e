// Abuse by the contents of messages: malformed, deep, huge, not UTF-8, ambiguous.
#include <array>

#include "abused.h"
#include "wire/http.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

constexpr std::size_t kDepth = 200'000;
constexpr std::string_view kParseError = R"("error":{"code":-32700)";
constexpr std::string_view kAnyRefusal = R"("error":{"code":-32)";
constexpr std::string_view kInvalid = R"("error":{"code":-32600)";

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

class AbusiveMessages : public Abused {
 protected:
  // The same over HTTP, where the connection goes on, and as a line, where it does, too.
  void expect_error(const std::string& body, std::string_view error) {
    const HttpResponse response = http_.ask(post(body));
    EXPECT_EQ(response.status, 400) << body.substr(0, 100);
    EXPECT_THAT(response.body, HasSubstr(error)) << body.substr(0, 100);
    lines_.send(body + "\n");
    EXPECT_THAT(lines_.read_line(), HasSubstr(error)) << body.substr(0, 100);
  }

  void TearDown() override {
    EXPECT_EQ(http_.ask(stateless_echo("3")).body, stateless_echoed("3"));
    lines_.send(stateless_call("4", "echo", R"({"message":"x"})") + "\n");
    EXPECT_EQ(lines_.read_line(), stateless_echoed("4"));
    Abused::TearDown();
  }

  Client http_{served_.http()};
  Client lines_{served_.lines()};
};

TEST_F(AbusiveMessages, MalformedIsAParseError) {
  for (const char* body :
       {"{", R"({"jsonrpc":"2.0","id":1,"method":"ping",})",
        R"({"jsonrpc":"2.0","id":1,"method":"ping"}})", R"({"jsonrpc":"2.0","id":1,"method":"pi)",
        R"({'jsonrpc':'2.0'})", R"({"jsonrpc":"2.0","id":1,"method":"p\ing"})",
        R"({"jsonrpc":"2.0","id":1,"method":"\ud800"})",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\tb\"}"})
    expect_error(body, kParseError);
}

// Refused by its first byte, or by its id: nobody looks at the rest.
TEST_F(AbusiveMessages, MalformedWithoutAnObjectIsRefused) {
  for (const char* body :
       {"}", "nul", "[1,2", "\"", "-", R"({"jsonrpc":"2.0","id":01,"method":"ping"})"})
    expect_error(body, kAnyRefusal);
}

TEST_F(AbusiveMessages, WhatIsNoRequestIsInvalid) {
  for (const char* body :
       {"{}", "1", "null", R"("ping")", R"({"id":1,"method":"ping"})",
        R"({"jsonrpc":"1.0","id":1,"method":"ping"})", R"({"jsonrpc":2.0,"id":1,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":null,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":{"a":1},"method":"ping"})",
        R"({"jsonrpc":"2.0","id":1,"method":7})"})
    expect_error(body, kInvalid);
}

TEST_F(AbusiveMessages, AnIdIsBounded) {
  expect_error(message('"' + std::string(100'000, 'i') + '"', "ping"), kInvalid);
  expect_error(message(std::string(100'000, '9'), "ping"), kInvalid);
}

// 200,000 levels in every place where there is JSON.
TEST_F(AbusiveMessages, DeepIsRefused) {
  for (const auto& [open, close] : {std::pair{"[", "]"}, std::pair{R"({"":)", "}"}}) {
    const std::string deep = repeated(open, kDepth) + "1" + repeated(close, kDepth);
    expect_error(deep, kAnyRefusal);
    for (const std::string& body :
         {stateless_call("1", "echo", R"({"message":)" + deep + "}"),
          stateless_call("1", "echo", deep), message("1", "ping", deep),
          message("1", "tools/call", R"({"name":"echo",)" + kMeta + R"(,"_meta":)" + deep + "}"),
          message("1", "initialize", R"({"capabilities":)" + deep + "}")}) {
      const HttpResponse response = http_.ask(post(body, stateless_headers("tools/call", "echo")));
      EXPECT_EQ(response.status, 400);
      EXPECT_THAT(response.body, HasSubstr("-32700"));
      lines_.send(body + "\n");
      EXPECT_THAT(lines_.read_line(), HasSubstr("-32700"));
    }
  }
}

TEST_F(AbusiveMessages, NeverEndingDepthIsRefused) {
  expect_error(repeated("[", kDepth), kAnyRefusal);
  expect_error(repeated(R"({"":)", kDepth), kAnyRefusal);
  expect_error(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":)" + repeated("[", kDepth),
               kParseError);
}

TEST_F(AbusiveMessages, OneByteTooMuchIs413) {
  const Limits limits;
  const std::string empty = stateless_call("1", "echo", R"({"message":""})");
  for (const std::size_t excess : {0U, 1U}) {
    const std::string text(limits.message_bytes_max - empty.size() + excess, 'y');
    const std::string request = post(stateless_call("1", "echo", R"({"message":")" + text + "\"}"),
                                     stateless_headers("tools/call", "echo"));
    Client client(served_.http());
    const HttpResponse response = client.ask(request);
    EXPECT_EQ(response.status, excess == 0 ? 200 : 413);
    EXPECT_EQ(response.body.find(text) != std::string::npos, excess == 0);
  }
}

TEST_F(AbusiveMessages, OneByteTooMuchEndsALine) {
  Client client(served_.lines());
  client.send(std::string(Limits{}.message_bytes_max + 1, ' '));
  EXPECT_THAT(client.read_to_end(), HasSubstr(kInvalid));
}

TEST_F(AbusiveMessages, HugeIsRefusedBeforeItComes) {
  for (const char* length : {"67108864", "18446744073709551615"})
    EXPECT_EQ(status_of(http("POST", "/mcp", kPostHeaders + "Content-Length: " + length + "\r\n")),
              413);
  EXPECT_EQ(
      status_of(http("POST", "/mcp", kPostHeaders + "Content-Length: 18446744073709551616\r\n")),
      400);
}

TEST_F(AbusiveMessages, HugeInChunksIsRefused) {
  const std::string head = http("POST", "/mcp", kPostHeaders + "Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(status_of(head + "4000000\r\n"), 413);
  std::string pieces = head;
  for (int i = 0; i < 17; ++i) pieces += "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
  EXPECT_EQ(status_of(pieces), 413);
}

TEST_F(AbusiveMessages, WhatIsNotUtf8IsAParseError) {
  for (const char* bytes :
       {"\x80", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf8\x88"}) {
    expect_error(echo("1", '"' + std::string(bytes) + '"'), kParseError);
    expect_error(message("1", "pi" + std::string(bytes) + "ng"), kParseError);
  }
}

// By the last value, in whichever layer it is read: what the headers were held against is what
// runs.
TEST_F(AbusiveMessages, ADuplicatedKeyCountsByItsLastValue) {
  const std::string twice =
      message("1", "tools/call",
              R"({"name":"sleep","name":"echo","arguments":{"ms":9},"arguments":)"
              R"({"message":"x"},)" +
                  kMeta + "}");
  EXPECT_EQ(http_.ask(post(twice, stateless_headers("tools/call", "echo"))).body,
            stateless_echoed("1"));
  const HttpResponse other = http_.ask(post(twice, stateless_headers("tools/call", "sleep")));
  EXPECT_EQ(other.status, 400);
  EXPECT_THAT(other.body, HasSubstr("-32020"));
}

TEST_F(AbusiveMessages, ADuplicatedArgumentCountsByItsLastValue) {
  const auto answer_to = [this](std::string_view tool, std::string_view arguments) {
    return http_
        .ask(post(stateless_call("1", tool, arguments), stateless_headers("tools/call", tool)))
        .body;
  };
  EXPECT_EQ(answer_to("echo", R"({"message":"a","message":"x"})"), stateless_echoed("1"));
  EXPECT_EQ(answer_to("echo", R"({"message":"a","m\u0065ssage":"x"})"), stateless_echoed("1"));
  EXPECT_THAT(answer_to("echo", R"({"message":"a","message":1})"), HasSubstr(R"("isError":true)"));
  EXPECT_EQ(answer_to("sleep", R"({"ms":600000,"ms":1})"),
            stateless_answered("1", R"("slept 1 ms")"));
}

TEST_F(AbusiveMessages, ABatchIsRefused) {
  for (const char* body : {"[]", R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", "[1,2,3]"}) {
    EXPECT_EQ(status_of(post(body)), 400) << body;
    lines_.send(std::string(body) + "\n");
    EXPECT_THAT(lines_.read_line(), HasSubstr(R"("error")")) << body;
  }
}

// What the sockets' buffers do not hold (4 MB here) has to be read for that, and thrown away.
class Lingering : public Abused {
 protected:
  static Config config() {
    Config config = test_config();
    config.limits.linger_ns = 10 * core::kSecond;
    return config;
  }

  Lingering() : Abused(config()) {}
};

TEST_F(Lingering, WhoSendsAllOfItBeforeReadingGetsThe413) {
  const std::string body(6 << 20, 'y');
  EXPECT_EQ(status_of(http("POST", "/mcp", kPostHeaders + "Content-Length: 6291456\r\n") + body),
            413);
}

}  // namespace
}  // namespace gauntlet::server
