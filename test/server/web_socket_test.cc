// MCP over WebSocket, from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served.h"
#include "wire/web_socket.h"
#include "wire/web_socket_handshake.h"
#include "wire/web_socket_write.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;
using Event = wire::WebSocketParser::Event;
using Opcode = wire::WebSocketOpcode;

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr wire::WebSocketMask kMask = {1, 2, 3, 4};

std::string upgrade(std::string_view headers, std::string_view protocol = "mcp") {
  std::string request;
  wire::append_web_socket_request(request, "localhost", "/mcp", kKey, protocol, headers);
  return request;
}

class Socket {
 public:
  explicit Socket(const Served& served) : client_(served.http()) {
    client_.send(upgrade({}));
    head_ = client_.read_head();
  }

  const HttpResponse& head() const { return head_; }
  Client& client() { return client_; }
  void send(std::string_view payload, Opcode opcode = Opcode::text, bool final = true) {
    std::string bytes;
    wire::append_masked_frame(bytes, opcode, payload, kMask, final);
    client_.send(bytes);
  }
  // The next frame's payload; its kind in event().
  std::string read() {
    std::span<char> payload;
    while ((event_ = parser_.next(rest_, payload)) == Event::need_more) {
      bytes_ = client_.read_some();
      const std::size_t size = bytes_.size();
      bytes_.append(wire::kReadPadding, '\0');
      rest_ = {bytes_.data(), size};
    }
    return {payload.data(), payload.size()};
  }
  std::string ask(std::string_view json) {
    send(json);
    return read();
  }
  Event event() const { return event_; }
  std::uint16_t close_code() const { return parser_.close_code(); }

 private:
  Client client_;
  HttpResponse head_;
  wire::WebSocketParser parser_{wire::WebSocketParser::Role::client, 1 << 20};
  Event event_ = Event::need_more;
  std::string bytes_;
  std::span<char> rest_;
};

TEST(WebSocket, IsAskedForOverHttp) {
  Served served;
  Socket web(served);
  EXPECT_EQ(web.head().status, 101);
  EXPECT_EQ(web.head().headers.at("sec-websocket-protocol"), "mcp");
  EXPECT_EQ(web.head().headers.at("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(Client(served.http()).ask(upgrade({}, "chat")).status, 400);
  EXPECT_EQ(Client(served.http()).ask(upgrade({}, "")).status, 400);
  EXPECT_EQ(Client(served.http()).ask(upgrade("Origin: http://evil.example\r\n")).status, 403);
  std::string old = upgrade({});
  old.replace(old.find("Version: 13"), 11, "Version: 12");
  const HttpResponse refused = Client(served.http()).ask(old);
  EXPECT_EQ(refused.status, 426);
  EXPECT_EQ(refused.headers.at("sec-websocket-version"), "13");
}

TEST(WebSocket, TheConnectionIsTheSession) {
  Served served;
  Socket web(served);
  EXPECT_THAT(web.ask(echo("1")), HasSubstr("-32000"));
  EXPECT_THAT(web.ask(initialize()), HasSubstr("2025-11-25"));
  EXPECT_EQ(web.event(), Event::text);
  web.send(message("", "notifications/initialized"));
  EXPECT_EQ(web.ask(echo("2")), echoed("2"));
  EXPECT_EQ(web.ask(stateless_call("3", "echo", R"({"message":"x"})")), stateless_echoed("3"));
  EXPECT_EQ(served.metric("gauntlet_server_connections"), 2);
  web.send(call("4", "stream", R"({"count":2,"ms":1})"));
  EXPECT_THAT(web.read(), HasSubstr("notifications/"));
  EXPECT_THAT(web.read(), HasSubstr("notifications/"));
  EXPECT_THAT(web.read(), HasSubstr("streamed"));
  served.post({Letter::Kind::tools_changed, {}, 0, {}});
  EXPECT_THAT(web.read(), HasSubstr("tools/list_changed"));
}

TEST(WebSocket, FramesMayComeRightBehindTheRequest) {
  Served served;
  Client client(served.http());
  std::string bytes = upgrade({});
  wire::append_masked_frame(bytes, Opcode::text, initialize(), kMask);
  client.send(bytes);
  EXPECT_EQ(client.read_head().status, 101);
  const std::string frame = client.read_some();
  EXPECT_THAT(frame, HasSubstr("2025-11-25"));
}

TEST(WebSocket, MessagesMayComeInFragmentsWithPingsBetween) {
  Served served;
  Socket web(served);
  const std::string text = initialize();
  web.send(text.substr(0, 10), Opcode::text, false);
  web.send("are you there", Opcode::ping);
  EXPECT_EQ(web.read(), "are you there");
  EXPECT_EQ(web.event(), Event::pong);
  web.send(text.substr(10), Opcode::continuation);
  EXPECT_THAT(web.read(), HasSubstr("2025-11-25"));
}

TEST(WebSocket, ClosesAsItIsAsked) {
  Served served;
  Socket web(served);
  std::string code = "\x03\xe8";
  web.send(code, Opcode::close);
  web.read();
  EXPECT_EQ(web.event(), Event::close);
  EXPECT_EQ(web.close_code(), wire::kCloseNormal);
  EXPECT_EQ(web.client().read_to_end(), "");
}

TEST(WebSocket, ClosesWithACodeWhatItCannotTake) {
  Config config = test_config();
  config.limits.message_bytes_max = 1000;
  Served served(config);
  const auto code_for = [&](std::string_view payload, Opcode opcode) {
    Socket web(served);
    web.send(payload, opcode);
    web.read();
    EXPECT_EQ(web.event(), Event::close);
    return web.close_code();
  };
  EXPECT_EQ(code_for("\x01", Opcode::binary), wire::kCloseUnsupported);
  EXPECT_EQ(code_for("\xff", Opcode::text), wire::kCloseBadText);
  EXPECT_EQ(code_for(std::string(1001, 'x'), Opcode::text), wire::kCloseTooLarge);
  EXPECT_EQ(code_for("x", Opcode::continuation), wire::kCloseProtocolError);
}

TEST(WebSocket, ASilentClientIsPingedAndThenCut) {
  Config config = test_config();
  config.limits.keep_alive_ns = core::kMillisecond;
  Served served(config);
  Socket web(served);
  web.read();
  EXPECT_EQ(web.event(), Event::ping);
  EXPECT_EQ(web.client().read_to_end(), "");
}

TEST(WebSocket, AStoppingServerSaysGoodbye) {
  Served served;
  Socket web(served);
  web.ask(initialize());
  served.stop();
  web.read();
  EXPECT_EQ(web.event(), Event::close);
  EXPECT_EQ(web.close_code(), wire::kCloseGoingAway);
  served.join();
}

}  // namespace
}  // namespace gauntlet::server
