// Abuse by HTTP's framing and headers: smuggling, injection, foreign hosts and origins, floods.
#include "abused.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string head_of_post(std::string_view headers) {
  return "POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + kPostHeaders +
         stateless_headers("tools/list") + std::string(headers);
}

class AbusiveHttp : public Abused {};

// RFC 9112 sections 2.2, 5, 6.3 and 7.1; each shape is one that some pair of servers disagrees on.
TEST_F(AbusiveHttp, SmugglingShapesAre400AndEndTheConnection) {
  const std::string body = stateless("1", "tools/list");
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string chunks = "0\r\n\r\n";
  const std::vector<std::string> shapes = {
      length + "Content-Length: 0\r\n",
      length + chunked,
      chunked + length,
      length + " folded: yes\r\n",
      "X: a\r\n\tb\r\n" + length,
      "X: a\n" + length,
      "X: a\rb\r\n" + length,
      "Host: evil.example.com\r\n" + length,
      ": nameless\r\n" + length,
      "na me: x\r\n" + length,
      "Content-Length: 5, 5\r\n",
      "Content-Length: +5\r\n",
      "Content-Length: -1\r\n",
      "Content-Length: 0x10\r\n",
      "Content-Length: 1 0\r\n",
      "Content-Length:\r\n",
      "Content-Length : 5\r\n",
      "Content-Length\x0b: 5\r\n",
      " Content-Length: 5\r\n",
      "Content-Length: 5\n",
      "Transfer-Encoding\t: chunked\r\n",
  };
  for (const std::string& headers : shapes)
    expect_refused_and_closed(head_of_post(headers) + "\r\n" + body, 400);
  for (const char* coding : {"xchunked", "chunked, gzip", "gzip, chunked", "\"chunked\""})
    expect_refused_and_closed(head_of_post("Transfer-Encoding: ") + coding + "\r\n\r\n" + chunks,
                              501);
}

TEST_F(AbusiveHttp, BadChunksAre400AndEndTheConnection) {
  const std::string head = head_of_post("Transfer-Encoding: chunked\r\n") + "\r\n";
  for (const char* chunks :
       {"g\r\n", "-1\r\n", "+1\r\nx\r\n", "0x1\r\nx\r\n", "1\nx\r\n", "1\r\nxy\r\n",
        "1\r\nx\n0\r\n\r\n", " 1\r\nx\r\n", "\r\n", "11111111111111111\r\n", "1;a\nb\r\nx\r\n",
        "0\r\nno colon\r\n\r\n", "0\r\n folded: x\r\n\r\n"})
    expect_refused_and_closed(head + chunks, 400);
}

TEST_F(AbusiveHttp, BadRequestLinesAre400) {
  for (const char* line :
       {"POST  /mcp HTTP/1.1", "POST /mcp  HTTP/1.1", "POST /mcp HTTP/1.1 ", " POST /mcp HTTP/1.1",
        "POST /m cp HTTP/1.1", "POST /mcp", "POST", "P\x01ST /mcp HTTP/1.1",
        "POST /\x7fmcp HTTP/1.1", "POST /mcp HTTP/1.1\rX: y", "POST\t/mcp\tHTTP/1.1",
        "POST /mcp http/1.1"})
    expect_refused_and_closed(std::string(line) + "\r\nHost: localhost\r\n\r\n", 400);
  for (const char* version : {"HTTP/0.9", "HTTP/2.0", "HTTP/3.0"})
    expect_refused_and_closed("GET /health " + std::string(version) + "\r\nHost: localhost\r\n\r\n",
                              505);
  expect_refused_and_closed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
}

TEST_F(AbusiveHttp, ATlsGreetingIsRefused) {
  Client client(served_.http());
  client.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) +
              std::string(200, '\r') + "\n");
  EXPECT_THAT(client.read_to_end(), HasSubstr("400"));
}

TEST_F(AbusiveHttp, NothingOfARequestComesBackInTheHead) {
  for (const std::string& request :
       {http("GET", "/%0d%0aX-Injected:%20yes"),
        http("GET", "/health", "X-A: b%0d%0aX-Injected: yes\r\n"),
        post(stateless("1", "tools/list"),
             stateless_headers("tools/list") + "Mcp-Name: %0d%0aX-Injected: yes\r\n"),
        post(initialize(), "Mcp-Session-Id: X-Injected\r\n"),
        post(stateless("\"\\r\\nX-Injected: yes\"", "tools/list"),
             stateless_headers("tools/list"))}) {
    Client client(served_.http());
    const HttpResponse response = client.ask(request);
    for (const auto& [name, value] : response.headers)
      EXPECT_THAT(name + value, Not(HasSubstr("njected"))) << request;
  }
  for (const char* bad : {"X: a\rX-Injected: yes\r\n", "X: a\nX-Injected: yes\r\n", "X: a\x01\r\n"})
    EXPECT_EQ(status_of(http("GET", "/health", bad)), 400) << bad;
  const std::string zero("X: a\0b\r\n", 8);
  EXPECT_EQ(status_of(http("GET", "/health", zero)), 400);
}

// Each alone: a page of another site sends a good Host when its name was rebound, and a bad Origin;
// a bad Host comes without an Origin where the page's own site is the rebound name.
TEST_F(AbusiveHttp, ABadHostAloneAndABadOriginAloneAre403) {
  const std::string list = stateless("1", "tools/list");
  const std::string headers = stateless_headers("tools/list");
  EXPECT_EQ(status_of(post(list, headers + "Host: evil.example.com\r\n")), 403);
  EXPECT_EQ(
      status_of(post(list, headers + "Host: localhost\r\nOrigin: http://evil.example.com\r\n")),
      403);
  EXPECT_EQ(status_of(post(list, headers + "Host: localhost\r\nOrigin: http://localhost:1234\r\n")),
            200);
  EXPECT_EQ(status_of(post(list, headers)), 200);
}

TEST_F(AbusiveHttp, HeadersAreBoundedInNumberAndSize) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "X" + std::to_string(i) + ": y\r\n";
  expect_refused_and_closed(http("GET", "/health", many), 431);
  expect_refused_and_closed(http("GET", "/health", "X: " + std::string(17'000, 'x') + "\r\n"), 431);
  expect_refused_and_closed("GET /" + std::string(17'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n",
                            431);
  expect_refused_and_closed(std::string(17'000, 'G'), 431);
}

TEST_F(AbusiveHttp, APipelineFloodIsAnsweredInOrderAsItIsRead) {
  constexpr int kRequests = 20'000;
  Client client(served_.http());
  std::thread sender([&] {
    std::string batch;
    for (int i = 0; i < kRequests; ++i) {
      batch += stateless_echo(std::to_string(i));
      if (batch.size() < 100'000) continue;
      client.send(batch);
      batch.clear();
    }
    client.send(batch);
  });
  for (int i = 0; i < kRequests; ++i)
    ASSERT_EQ(client.read_response().body, stateless_echoed(std::to_string(i)));
  sender.join();
}

}  // namespace
}  // namespace gauntlet::server
