// What one connection gets of a turn of the loop, told by the order of answers: the loop and the
// transports of a worker, turned by hand.
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "net/certificate.h"
#include "net/tls_session.h"
#include "server/http_transport.h"
#include "server/line_transport.h"
#include "server/service_fixture.h"
#include "server/web_socket_transport.h"
#include "wire/web_socket_handshake.h"
#include "wire/web_socket_write.h"

namespace gauntlet::server {
namespace {

constexpr std::size_t kShare = 4;
constexpr std::size_t kFlood = 10 * kShare;
constexpr int kTurnsMax = 100;

std::size_t count_of(std::string_view part, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

std::string repeated(std::string_view part, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += part;
  return all;
}

// A client's end of a connection. It waits for nothing.
class Far {
 public:
  explicit Far(core::Fd fd) : fd_(std::move(fd)) {}

  void send(std::string_view bytes) {
    ASSERT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void end() { shutdown(fd_.get(), SHUT_WR); }
  // All that has come so far.
  const std::string& got() {
    std::array<char, 16 * 1024> bytes{};
    ssize_t n = 0;
    while ((n = recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0)
      got_.append(bytes.data(), static_cast<std::size_t>(n));
    ended_ = n == 0;
    return got_;
  }
  bool has_all_been_read() const {
    int bytes = 0;
    EXPECT_EQ(ioctl(fd_.get(), SIOCOUTQ, &bytes), 0);
    return bytes == 0;
  }
  std::size_t answers() { return count_of(R"("jsonrpc":"2.0","id":)", got()); }
  bool ended() {
    got();
    return ended_;
  }

 private:
  core::Fd fd_;
  std::string got_;
  bool ended_ = false;
};

class TurnShare : public ServiceTest {
 protected:
  explicit TurnShare(Config config = {}) : ServiceTest(std::move(config)) {
    config_.limits.turn_messages_max = kShare;
    for (Transport* const transport : transports()) service_.add_transport(*transport);
    http_.upgrade_to(web_sockets_);
  }

  std::vector<Transport*> transports() { return {&http_, &lines_, &web_sockets_}; }

  Far connect(Transport& transport, const net::TlsContext* tls = nullptr) {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    transport.add(core::Fd(ends[0]), true, tls);
    return Far(core::Fd(ends[1]));
  }

  Far connect_web_socket() {
    Far far = connect(http_);
    std::string request;
    wire::append_web_socket_request(request, "localhost", "/mcp", "dGhlIHNhbXBsZSBub25jZQ==", "mcp",
                                    {});
    far.send(request);
    for (int i = 0; i < 2; ++i) turn();
    EXPECT_NE(far.got().find(" 101 "), std::string::npos);
    return far;
  }

  // As Worker::run() does. Whether it would go on at once.
  bool turn() {
    loop_->turn(0);
    bool busy = false;
    for (Transport* const transport : transports())
      busy |= transport->after_turn(loop_->now()) == 0;
    return busy;
  }

  // The flood of one is there before the others ask, each turn one more.
  void expect_shared(Far flooder, Far other, const std::string& message) {
    flooder.send(repeated(message, kFlood));
    std::size_t asked = 0;
    while (flooder.answers() < kFlood) {
      other.send(message);
      ++asked;
      const bool busy = turn();
      EXPECT_EQ(other.answers(), asked) << "it waits for nobody else's rest";
      // What is served at a turn's end leaves with the next one.
      EXPECT_LE(flooder.answers(), std::max<std::size_t>(1, asked - 1) * kShare);
      EXPECT_TRUE(busy || flooder.answers() == kFlood) << "it would wait";
      ASSERT_LT(asked, kFlood) << "the rest is forgotten";
    }
    EXPECT_EQ(flooder.answers(), kFlood);
    EXPECT_GE(asked, kFlood / kShare);
  }

  HttpTransport http_{*loop_, service_, config_, [] { return std::string("sample 1\n"); }};
  LineTransport lines_{*loop_, service_, config_.limits};
  WebSocketTransport web_sockets_{*loop_, service_, config_.limits};
};

TEST_F(TurnShare, AFloodOverHttpKeepsNobodyWaiting) {
  expect_shared(connect(http_), connect(http_), stateless_echo("1"));
}

TEST_F(TurnShare, AFloodOfLinesKeepsNobodyWaiting) {
  expect_shared(connect(lines_), connect(lines_), stateless("1", "server/discover") + "\n");
}

TEST_F(TurnShare, AFloodOverWebSocketKeepsNobodyWaiting) {
  std::string frame;
  wire::append_masked_frame(frame, wire::WebSocketOpcode::text, stateless("1", "server/discover"),
                            {1, 2, 3, 4});
  expect_shared(connect_web_socket(), connect_web_socket(), frame);
}

// A turn is too long for one who takes it with few bytes: pings, and answers that are costly.
TEST_F(TurnShare, WhatIsNoCallCountsToo) {
  Far web = connect_web_socket();
  std::string ping;
  wire::append_masked_frame(ping, wire::WebSocketOpcode::ping, "p", {1, 2, 3, 4});
  const std::size_t before = web.got().size();
  web.send(repeated(ping, 2 * kShare));
  turn();
  EXPECT_EQ(web.got().size() - before, kShare * 3) << "so many pongs";
  Far page = connect(http_);
  page.send(repeated(http("GET", "/metrics"), 2));
  turn();
  EXPECT_EQ(count_of("sample 1", page.got()), 1u);
  for (int i = 0; i < 2; ++i) turn();
  EXPECT_EQ(count_of("sample 1", page.got()), 2u);
}

TEST_F(TurnShare, ABatchCountsAsItsMessages) {
  Far client = connect(lines_);
  client.send(initialize("2025-03-26") + "\n" + message("", "notifications/initialized") + "\n");
  turn();
  turn();
  ASSERT_EQ(client.answers(), 1u);
  const std::string batch =
      "[" + repeated(message("1", "ping") + ",", kShare - 1) + message("1", "ping") + "]\n";
  client.send(repeated(batch, 2));
  turn();
  EXPECT_EQ(client.answers(), 1 + kShare);
  for (int i = 0; i < 2; ++i) turn();
  EXPECT_EQ(client.answers(), 1 + 2 * kShare);
}

TEST_F(TurnShare, WhoEndsItsSideGetsAllItsAnswers) {
  Far client = connect(http_);
  client.send(repeated(stateless_echo("1"), kFlood));
  client.end();
  for (int i = 0; i < kTurnsMax && !client.ended(); ++i) turn();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(client.answers(), kFlood);
}

// Over TLS the end is known together with what came before it.
TEST_F(TurnShare, WhoEndsItsSideOverTlsGetsAllItsAnswers) {
  const net::Certificate certificate;
  const auto at_server =
      net::TlsContext::server({certificate.chain_file(), certificate.key_file()}).value();
  const auto at_client =
      net::TlsContext::client({"localhost", certificate.chain_file(), false}).value();
  Far client = connect(http_, &at_server);
  net::TlsSession session(at_client);
  std::vector<char> plain(1 << 20);
  std::string answers;
  std::size_t opened = 0;
  const auto exchange = [&](std::string& out) {
    client.send(std::exchange(out, {}));
    turn();
    const std::string_view got = std::string_view(client.got()).substr(opened);
    opened += got.size();
    answers.append(plain.data(), session.open(got, plain, out).size);
  };
  std::string out;
  session.begin(out);
  for (int i = 0; i < kTurnsMax && !session.is_ready(); ++i) exchange(out);
  session.plain() += repeated(stateless_echo("1"), kFlood);
  session.seal(out);
  session.end(out);
  for (int i = 0; i < kTurnsMax && !client.ended(); ++i) exchange(out);
  EXPECT_EQ(count_of(stateless_echoed("1"), answers), kFlood);
}

// Refuses all of a client's messages but the first, and looks at the rest an hour later. Throws
// away one read more than the first one, and the next one in a thousand seconds.
class HeldBack : public TurnShare {
 protected:
  HeldBack() : TurnShare(refusing()) {
    config_.limits.hold_back_ns = 3600 * core::kSecond;
    config_.limits.drains_per_second = 0.001;
    config_.limits.drains_at_once = 1;
  }

  static Config refusing() {
    Config config;
    config.flow.messages_per_second = 0.001;
    return config;
  }

  void turns() {
    for (int i = 0; i < kTurnsMax; ++i) turn();
  }

  void expect_held_back(Transport& transport, Far client, const std::string& message) {
    client.send(repeated(message, 3 * kShare));
    turns();
    EXPECT_EQ(client.answers(), kShare);
    EXPECT_NE(client.got().find("-31429"), std::string::npos);
    EXPECT_LT(transport.after_turn(loop_->now()), Timers::kNever) << "it would wait for an event";
    config_.limits.hold_back_ns = 0;
    turns();
    EXPECT_EQ(client.answers(), 3 * kShare) << "the rest is forgotten";
    config_.limits.hold_back_ns = 3600 * core::kSecond;
  }
};

TEST_F(HeldBack, WhoIsRefusedForLoad) {
  expect_held_back(http_, connect(http_), stateless_echo("1"));
  expect_held_back(lines_, connect(lines_), stateless("1", "server/discover") + "\n");
}

TEST_F(HeldBack, NotWhoAsksAgainAfterTheAnswer) {
  Far client = connect(lines_);
  for (std::size_t i = 1; i <= kFlood; ++i) {
    client.send(stateless("1", "server/discover") + "\n");
    turn();
    EXPECT_EQ(client.answers(), i);
  }
}

// What comes after a refusal that ends the connection is read, and thrown away.
TEST_F(HeldBack, WhoSendsOnThoughItIsOver) {
  Far client = connect(http_);
  client.send(http("POST", "/mcp", kPostHeaders + "Content-Length: 67108864\r\n"));
  turns();
  EXPECT_EQ(count_of(" 413 ", client.got()), 1u);
  for (int i = 0; i < 10; ++i) {
    client.send("good-bye");  // such as the Close frame of a WebSocket
    turns();
    EXPECT_TRUE(client.has_all_been_read());
  }
  const std::string piece(1000, 'y');
  for (int i = 0; i < 2; ++i) {
    client.send(piece);
    turns();
    EXPECT_TRUE(client.has_all_been_read());
  }
  client.send(piece);
  turns();
  EXPECT_FALSE(client.has_all_been_read());
  EXPECT_LT(http_.after_turn(loop_->now()), Timers::kNever) << "it would wait for an event";
  config_.limits.drains_per_second = 1e12;
  turns();
  EXPECT_TRUE(client.has_all_been_read());
  client.end();
  turns();
  EXPECT_EQ(http_.peer_count(), 0u);
}

}  // namespace
}  // namespace gauntlet::server
