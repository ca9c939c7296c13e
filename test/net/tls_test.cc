#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/backends.h"
#include "net/certificate.h"
#include "net/loop.h"
#include "net/recorder.h"

namespace gauntlet::net {
namespace {

constexpr core::Nanos kPatience = 20 * core::kSecond;

class Tls : public OnEachLoop {
 protected:
  explicit Tls(LoopLimits limits = {}) : OnEachLoop(limits) {
    loop_->listen(listener_.get(), server_, 0);
    server_.tls = &server_context_;
  }
  void turn_until(const std::function<bool()>& done) {
    const core::Nanos limit = core::monotonic_ns() + kPatience;
    while (!done() && core::monotonic_ns() < limit)
      loop_->turn(core::monotonic_ns() + 20 * core::kMillisecond);
    ASSERT_TRUE(done());
  }
  StreamId connect(const TlsContext* context) {
    return loop_->connect(*local_endpoint(listener_.get()), client_, 0, nullptr, context);
  }
  void connect_pair() {
    stream_ = connect(&client_context_);
    turn_until([&] { return client_.connected.size() == 1 && !server_.accepted.empty(); });
  }
  // A blocking socket, for peers that a loop would not play.
  core::Fd plain_socket() {
    core::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Endpoint where = *local_endpoint(listener_.get());
    EXPECT_EQ(::connect(fd.get(), where.address(), where.length()), 0);
    return fd;
  }

  Certificate certificate_;
  TlsContext server_context_ =
      *TlsContext::server({certificate_.chain_file(), certificate_.key_file()});
  TlsContext client_context_ = *TlsContext::client({"localhost", certificate_.chain_file(), false});
  Recorder server_{*loop_}, client_{*loop_};
  core::Fd listener_ = *listen_on(*Endpoint::parse("127.0.0.1:auto"));
  StreamId stream_;
};

TEST_P(Tls, BothSidesReadAndWritePlainBytes) {
  server_.echo = true;
  connect_pair();
  loop_->output(stream_) += "hello";
  turn_until([&] { return client_.data == "hello"; });
  EXPECT_EQ(server_.data, "hello");
  EXPECT_EQ(loop_->unsent_bytes(stream_), 0U);
}

TEST_P(Tls, WhatIsWrittenBeforeTheHandshakeFollowsIt) {
  stream_ = connect(&client_context_);
  loop_->output(stream_) += "early";
  loop_->flush(stream_);
  EXPECT_EQ(loop_->unsent_bytes(stream_), 5U);
  turn_until([&] { return server_.data == "early"; });
}

TEST_P(Tls, LargeTransfersArriveWholeBothWays) {
  server_.echo = true;
  connect_pair();
  std::string large(20'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7919 >> 8);
  loop_->output(stream_) += large;
  turn_until([&] { return client_.data.size() >= large.size(); });
  EXPECT_TRUE(client_.data == large);
}

TEST_P(Tls, APausedPeerHoldsTheOutputBack) {
  connect_pair();
  loop_->pause_reading(server_.accepted[0], true);
  loop_->output(stream_) += std::string(20'000'000, 'y');
  for (int i = 0; i < 5; ++i) loop_->turn(core::monotonic_ns());
  EXPECT_GT(loop_->unsent_bytes(stream_), 0U);
  EXPECT_TRUE(server_.data.empty());
  loop_->pause_reading(server_.accepted[0], false);
  turn_until([&] { return server_.data.size() == 20'000'000U; });
}

TEST_P(Tls, AnOrderlyEndSaysSo) {
  connect_pair();
  loop_->output(stream_) += "bye";
  loop_->close(stream_, CloseMode::orderly);
  turn_until([&] { return !server_.closed.empty(); });
  EXPECT_EQ(server_.data, "bye");
  EXPECT_EQ(server_.closed[0], CloseReason::peer_closed);
  EXPECT_TRUE(client_.closed.empty()) << "the handler ordered it";
}

TEST_P(Tls, AHalfClosedStreamCanStillBeWrittenTo) {
  server_.stays_half_open = true;
  connect_pair();
  loop_->output(stream_) += "question";
  loop_->flush(stream_);
  loop_->end_output(stream_);
  turn_until([&] { return server_.half_closed == 1; });
  EXPECT_EQ(server_.data, "question");
  loop_->output(server_.accepted[0]) += "answer";
  turn_until([&] { return client_.data == "answer"; });
  loop_->close(server_.accepted[0], CloseMode::orderly);
  turn_until([&] { return !client_.closed.empty(); });
  EXPECT_EQ(client_.closed[0], CloseReason::peer_closed);
}

TEST_P(Tls, AnEndWithoutCloseNotifyIsAReset) {
  connect_pair();
  shutdown(loop_->native_fd(stream_), SHUT_WR);
  turn_until([&] { return !server_.closed.empty(); });
  EXPECT_EQ(server_.closed[0], CloseReason::reset);
  EXPECT_EQ(server_.errors[0], ECONNRESET);
  EXPECT_EQ(server_.half_closed, 0);
}

TEST_P(Tls, AResetIsAReset) {
  connect_pair();
  loop_->close(stream_, CloseMode::reset);
  turn_until([&] { return !server_.closed.empty(); });
  EXPECT_EQ(server_.closed[0], CloseReason::reset);
}

TEST_P(Tls, AHandlerMayCloseWithinItsData) {
  server_.close_on_data = true;
  connect_pair();
  loop_->output(stream_) += "last";
  turn_until([&] { return !client_.closed.empty(); });
  EXPECT_EQ(client_.closed[0], CloseReason::peer_closed);
}

TEST_P(Tls, PlainHttpIsSentAway) {
  const core::Fd peer = plain_socket();
  const std::string request = "POST /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_EQ(send(peer.get(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  turn_until([&] { return !server_.closed.empty(); });
  EXPECT_EQ(server_.errors[0], EPROTO);
  EXPECT_TRUE(server_.data.empty());
  std::array<char, 256> rest;
  EXPECT_LT(recv(peer.get(), rest.data(), rest.size(), 0), 10) << "an alert at most";
}

TEST_P(Tls, GarbageOfAllSizesIsSentAway) {
  for (std::size_t size = 1; size < 70'000; size = size * 3 + 1) {
    const core::Fd peer = plain_socket();
    std::string garbage(size, '\x16');
    for (std::size_t i = 0; i < size; ++i) garbage[i] = static_cast<char>(i * 2654435761U >> 13);
    (void)send(peer.get(), garbage.data(), size, MSG_NOSIGNAL);
    shutdown(peer.get(), SHUT_WR);
    const std::size_t before = server_.closed.size();
    turn_until([&] { return server_.closed.size() > before; });
    EXPECT_EQ(server_.closed.back(), CloseReason::reset);
  }
  EXPECT_TRUE(server_.data.empty());
}

TEST_P(Tls, ARecordThatWasTamperedWithEndsTheStream) {
  connect_pair();
  turn_until([&] { return loop_->unsent_bytes(stream_) == 0; });
  const std::string forged = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'f');
  ASSERT_EQ(send(loop_->native_fd(stream_), forged.data(), forged.size(), 0),
            static_cast<ssize_t>(forged.size()));
  turn_until([&] { return !server_.closed.empty(); });
  EXPECT_EQ(server_.errors[0], EPROTO);
  EXPECT_TRUE(server_.data.empty());
}

TEST_P(Tls, ACertificateThatIsNotTrustedFailsTheConnection) {
  const Certificate other;
  const TlsContext context = *TlsContext::client({"localhost", other.chain_file(), false});
  connect(&context);
  turn_until([&] { return !client_.closed.empty(); });
  EXPECT_EQ(client_.closed[0], CloseReason::connect_failed);
  EXPECT_EQ(client_.errors[0], EKEYREJECTED);
  EXPECT_TRUE(client_.connected.empty());
}

TEST_P(Tls, TheHostMustBeInTheCertificate) {
  const TlsContext wrong = *TlsContext::client({"example.com", certificate_.chain_file(), false});
  connect(&wrong);
  turn_until([&] { return !client_.closed.empty(); });
  EXPECT_EQ(client_.errors[0], EKEYREJECTED);
  const TlsContext address = *TlsContext::client({"127.0.0.1", certificate_.chain_file(), false});
  connect(&address);
  turn_until([&] { return client_.connected.size() == 1; });
  const TlsContext anyone = *TlsContext::client({"example.com", "", true});
  connect(&anyone);
  turn_until([&] { return client_.connected.size() == 2; });
}

TEST_P(Tls, StreamsKeepTheContextTheyBeganWith) {
  server_.echo = true;
  connect_pair();
  const Certificate other;
  server_context_ = *TlsContext::server({other.chain_file(), other.key_file()});
  loop_->output(stream_) += "still";
  turn_until([&] { return client_.data == "still"; });
  connect(&client_context_);
  turn_until([&] { return !client_.closed.empty(); });
  EXPECT_EQ(client_.errors[0], EKEYREJECTED) << "a new stream meets the new certificate";
}

TEST_P(Tls, APlainStreamBesideItStaysPlain) {
  connect_pair();
  server_.tls = nullptr;
  server_.echo = true;
  const core::Fd peer = plain_socket();
  ASSERT_EQ(send(peer.get(), "plain", 5, 0), 5);
  turn_until([&] { return server_.data == "plain"; });
}

struct SlowTls : Tls {
  SlowTls() : Tls({.handshake_ns = 500 * core::kMillisecond}) {}
};

TEST_P(SlowTls, APeerThatStallsInTheHandshakeIsCutOff) {
  const core::Fd silent = plain_socket();
  const core::Fd dripping = plain_socket();
  ASSERT_EQ(send(dripping.get(), "\x16\x03\x01", 3, 0), 3);
  turn_until([&] { return server_.closed.size() == 2; });
  EXPECT_EQ(server_.errors, (std::vector<int>{ETIMEDOUT, ETIMEDOUT}));
  EXPECT_EQ(server_.closed, (std::vector<CloseReason>(2, CloseReason::reset)));
}

TEST_P(SlowTls, AServerThatStallsInTheHandshakeIsGivenUp) {
  const core::Fd listener = *listen_on(*Endpoint::parse("127.0.0.1:auto"));
  loop_->connect(*local_endpoint(listener.get()), client_, 0, nullptr, &client_context_);
  turn_until([&] { return !client_.closed.empty(); });
  EXPECT_EQ(client_.closed[0], CloseReason::connect_failed);
  EXPECT_EQ(client_.errors[0], ETIMEDOUT);
}

TEST_P(SlowTls, AStreamThatShookHandsStaysHoweverIdle) {
  connect_pair();
  const core::Nanos past = core::monotonic_ns() + 600 * core::kMillisecond;
  while (core::monotonic_ns() < past) loop_->turn(past);
  EXPECT_TRUE(server_.closed.empty());
  EXPECT_TRUE(client_.closed.empty());
}

// A client of OpenSSL's own, in a thread, with what `prepare` makes of it. What it says of the
// handshake: nothing, or the reason of its failure.
std::optional<std::string> shake_hands(core::Fd socket, const std::function<void(SSL*)>& prepare) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL* const session = SSL_new(context);
  SSL_set_fd(session, socket.get());
  prepare(session);
  std::optional<std::string> failure;
  ERR_clear_error();
  if (SSL_connect(session) != 1) failure = ERR_reason_error_string(ERR_get_error());
  SSL_free(session);
  SSL_CTX_free(context);
  return failure;
}

class TlsPeer : public Tls {
 protected:
  std::optional<std::string> outcome(const std::function<void(SSL*)>& prepare) {
    std::optional<std::string> failure;
    core::Fd socket = plain_socket();
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::thread peer([&] { failure = shake_hands(std::move(socket), prepare); });
    const std::size_t before = server_.closed.size();
    turn_until([&] { return server_.closed.size() > before; });
    peer.join();
    return failure;
  }
};

TEST_P(TlsPeer, OldVersionsAreRefused) {
  const auto failure =
      outcome([](SSL* session) { SSL_set_max_proto_version(session, TLS1_2_VERSION); });
  EXPECT_EQ(failure, "tlsv1 alert protocol version");
  EXPECT_EQ(outcome([](SSL*) {}), std::nullopt);
}

TEST_P(TlsPeer, OnlyHttp11IsAgreedOn) {
  const auto offering = [](std::string protocols) {
    return [=](SSL* session) {
      SSL_set_alpn_protos(session, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    };
  };
  EXPECT_EQ(outcome(offering("\x02h2\x08http/1.1")), std::nullopt);
  EXPECT_EQ(outcome(offering("\x02h2")), "tlsv1 alert no application protocol");
}

INSTANTIATE_TEST_SUITE_P(On, Tls, kEachLoop, loop_name);
INSTANTIATE_TEST_SUITE_P(On, SlowTls, kEachLoop, loop_name);
INSTANTIATE_TEST_SUITE_P(On, TlsPeer, kEachLoop, loop_name);

TEST(TlsFilesTest, ErrorsNameTheFileAndWhy) {
  const Certificate one, two;
  const auto error_of = [](const TlsFiles& files) {
    const auto context = TlsContext::server(files);
    return context ? "none" : context.error().text;
  };
  EXPECT_EQ(error_of({one.chain_file(), one.key_file()}), "none");
  EXPECT_EQ(error_of({"/nowhere.pem", one.key_file()}),
            "cannot use the certificate '/nowhere.pem': No such file or directory");
  EXPECT_EQ(error_of({one.chain_file(), "/nowhere.key"}),
            "cannot use the private key '/nowhere.key': No such file or directory");
  EXPECT_EQ(error_of({one.key_file(), one.key_file()}),
            "cannot use the certificate '" + one.key_file() + "': it holds no such PEM block");
  EXPECT_EQ(error_of({one.chain_file(), two.key_file()}),
            "cannot use the private key '" + two.key_file() + "': key values mismatch");
}

TEST(TlsFilesTest, AnEncryptedKeyIsRefusedWithoutAQuestion) {
  const Certificate one;
  FILE* const file = std::fopen(one.key_file().c_str(), "w");
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  char secret[] = "secret";
  PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), reinterpret_cast<unsigned char*>(secret), 6,
                       nullptr, nullptr);
  EVP_PKEY_free(key);
  std::fclose(file);
  const auto context = TlsContext::server({one.chain_file(), one.key_file()});
  ASSERT_FALSE(context);
  EXPECT_TRUE(context.error().text.starts_with("cannot use the private key"))
      << context.error().text;
}

}  // namespace
}  // namespace gauntlet::net
