#include "net/endpoint.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace gauntlet::net {
namespace {

TEST(Endpoint, ReadsWhatUsersWrite) {
  EXPECT_EQ(Endpoint::parse("127.0.0.1:3000")->text(), "127.0.0.1:3000");
  EXPECT_EQ(Endpoint::parse(":3000")->text(), "127.0.0.1:3000");
  EXPECT_EQ(Endpoint::parse("[::1]:3000")->text(), "[::1]:3000");
  EXPECT_EQ(Endpoint::parse("127.0.0.1:auto")->port(), 0);
  EXPECT_EQ(Endpoint::parse("unix:/tmp/x.sock")->text(), "unix:/tmp/x.sock");
  EXPECT_TRUE(Endpoint::parse("localhost:1")->is_loopback());
  EXPECT_TRUE(Endpoint::parse("unix:/tmp/x")->is_loopback());
  EXPECT_FALSE(Endpoint::parse("0.0.0.0:1")->is_loopback());
}

TEST(Endpoint, SaysWhatIsWrong) {
  EXPECT_EQ(Endpoint::parse("127.0.0.1").error().text,
            "'127.0.0.1' names no port; write host:port");
  EXPECT_EQ(Endpoint::parse("127.0.0.1:x").error().text, "'x' is not a port; give 1-65535 or auto");
  EXPECT_FALSE(Endpoint::parse("127.0.0.1:70000"));
  EXPECT_FALSE(Endpoint::parse("[::1:3000"));
  EXPECT_FALSE(Endpoint::parse("unix:" + std::string(200, 'x')));
}

TEST(Url, Targets) {
  const auto http = Url::parse("http://127.0.0.1:8080/mcp?a=b");
  ASSERT_TRUE(http);
  EXPECT_EQ(http->host, "127.0.0.1:8080");
  EXPECT_EQ(http->path, "/mcp?a=b");
  EXPECT_EQ(http->endpoint.port(), 8080);
  EXPECT_EQ(Url::parse("http://127.0.0.1")->endpoint.port(), 80);
  EXPECT_EQ(Url::parse("http://127.0.0.1")->path, "/");
  EXPECT_EQ(Url::parse("tcp://127.0.0.1:7000")->scheme, Url::Scheme::tcp);
  EXPECT_EQ(Url::parse("unix:/tmp/s")->path, "/tmp/s");
  for (const char* bad : {"", "127.0.0.1:80", "ftp://x", "tcp://127.0.0.1", "http://",
                          "http://a b/", "http://127.0.0.1:1/a b", "unix:"})
    EXPECT_FALSE(Url::parse(bad)) << bad;
}

TEST(Listen, AutoPortsLieBelowTheKernelsRange) {
  const auto first = listen_on(*Endpoint::parse("127.0.0.1:auto"));
  const auto second = listen_on(*Endpoint::parse("127.0.0.1:auto"));
  ASSERT_TRUE(first && second);
  const auto a = local_endpoint(first->get())->port();
  const auto b = local_endpoint(second->get())->port();
  EXPECT_NE(a, b);
  EXPECT_GE(a, 20000);
  EXPECT_LE(b, 32000);
}

TEST(Listen, ATakenPortIsAnError) {
  const auto first = listen_on(*Endpoint::parse("127.0.0.1:auto"));
  const auto again = listen_on(*local_endpoint(first->get()));
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().text.find("Address already in use"), std::string::npos);
}

core::Fd connected_to(const Endpoint& where) {
  core::Fd fd(socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), where.address(), where.length()), 0);
  return fd;
}

TEST(ListenTogether, SpreadsConnectionsOverItsSockets) {
  const auto sockets = listen_together(*Endpoint::tcp("127.0.0.1", 0), 3);
  ASSERT_TRUE(sockets) << sockets.error().text;
  ASSERT_EQ(sockets->size(), 3U);
  const auto where = *local_endpoint(sockets->front().get());
  for (const core::Fd& socket : *sockets)
    EXPECT_EQ(local_endpoint(socket.get())->text(), where.text());
  std::vector<core::Fd> clients;
  std::array<int, 3> accepted{};
  // Chance alone leaves one of three out of 200 once in 10^35 times.
  for (int i = 0; i < 200; ++i) clients.push_back(connected_to(where));
  for (std::size_t i = 0; i < accepted.size(); ++i)
    while (core::Fd(accept((*sockets)[i].get(), nullptr, nullptr)).valid()) ++accepted[i];
  EXPECT_EQ(accepted[0] + accepted[1] + accepted[2], 200);
  for (const int n : accepted) EXPECT_GT(n, 0);
}

TEST(ListenTogether, SharesThePortWithNobodyElse) {
  const auto sockets = listen_together(*Endpoint::tcp("127.0.0.1", 0), 2);
  ASSERT_TRUE(sockets);
  const auto where = *local_endpoint(sockets->front().get());
  EXPECT_FALSE(listen_together(where, 2));
  EXPECT_FALSE(listen_on(where));
  const auto other = listen_together(*Endpoint::tcp("127.0.0.1", 0), 2);
  ASSERT_TRUE(other);
  EXPECT_NE(local_endpoint(other->front().get())->port(), where.port());
}

}  // namespace
}  // namespace gauntlet::net
