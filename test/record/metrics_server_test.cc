#include "record/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <vector>

namespace gauntlet::record {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::unique_ptr<MetricsServer> started() {
  auto server = MetricsServer::start(net::Endpoint::tcp("127.0.0.1", 0).value());
  EXPECT_TRUE(server) << server.error().text;
  (*server)->publish("metric 1\n");
  return std::move(*server);
}

core::Fd connected(const MetricsServer& server) {
  core::Fd fd(socket(server.where().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 20, .tv_usec = 0};  // so that a broken server fails the test
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_EQ(connect(fd.get(), server.where().address(), server.where().length()), 0);
  return fd;
}

void send_text(const core::Fd& fd, std::string_view text) {
  EXPECT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

// Everything until `end` was seen, or the connection ended.
std::string receive_until(const core::Fd& fd, std::string_view end) {
  std::string all;
  char buffer[4096];
  while (!all.ends_with(end)) {
    const auto n = recv(fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) break;
    all.append(buffer, static_cast<std::size_t>(n));
  }
  return all;
}

std::string receive_all(const core::Fd& fd) { return receive_until(fd, "no such end"); }

// The connection has ended, as opposed to nothing having come for a long time.
bool has_ended(const core::Fd& fd) {
  char byte = 0;
  const auto n = recv(fd.get(), &byte, 1, 0);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string ask(const MetricsServer& server, std::string_view request) {
  const auto fd = connected(server);
  send_text(fd, request);
  return receive_all(fd);
}

constexpr std::string_view kGet = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view kGetAndClose =
    "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST(MetricsServer, HandsOutTheLatestText) {
  const auto server = started();
  const auto first = ask(*server, kGetAndClose);
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(first, HasSubstr("text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(first, EndsWith("\r\n\r\nmetric 1\n"));
  server->publish("metric 2\n");
  EXPECT_THAT(ask(*server, kGetAndClose), EndsWith("\r\n\r\nmetric 2\n"));
}

TEST(MetricsServer, KeepsAConnectionForMoreRequests) {
  const auto server = started();
  const auto fd = connected(*server);
  send_text(fd, kGet);
  EXPECT_THAT(receive_until(fd, "metric 1\n"), EndsWith("metric 1\n"));
  send_text(fd, std::string(kGet.substr(0, 20)));
  send_text(fd, std::string(kGet.substr(20)));
  EXPECT_THAT(receive_until(fd, "metric 1\n"), EndsWith("metric 1\n"));
}

TEST(MetricsServer, AnswersEverythingElseHonestly) {
  const auto server = started();
  EXPECT_THAT(ask(*server, "GET / HTTP/1.0\r\n\r\n"), HasSubstr("href=\"/metrics\""));
  EXPECT_THAT(ask(*server, "GET /metrics?x=1 HTTP/1.0\r\n\r\n"), EndsWith("metric 1\n"));
  EXPECT_THAT(ask(*server, "GET /other HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask(*server, "DELETE /metrics HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(ask(*server, "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST(MetricsServer, OneConnectionTooManyEndsTheFirst) {
  const auto server = started();
  std::vector<core::Fd> fds;
  for (std::size_t i = 0; i < kMetricsConnectionsMax; ++i) {
    fds.push_back(connected(*server));
    send_text(fds.back(), kGet);
    EXPECT_THAT(receive_until(fds.back(), "metric 1\n"), EndsWith("metric 1\n"));
  }
  EXPECT_THAT(ask(*server, kGetAndClose), EndsWith("metric 1\n"));
  EXPECT_TRUE(has_ended(fds.front()));
  send_text(fds[1], kGet);
  EXPECT_THAT(receive_until(fds[1], "metric 1\n"), EndsWith("metric 1\n"));
}

TEST(MetricsServer, ClientThatNeverReadsIsDropped) {
  const auto server = started();
  server->publish(std::string(256 * 1024, 'x'));
  const auto fd = connected(*server);
  std::string many;
  for (int i = 0; i < 200; ++i) many += kGet;
  // Much more than the socket's buffers and the limit together are asked for and not read.
  ssize_t sent = 1;
  for (int i = 0; i < 100 && sent > 0; ++i) {
    sent = send(fd.get(), many.data(), many.size(), MSG_NOSIGNAL);
  }
  receive_all(fd);
  EXPECT_TRUE(has_ended(fd));
  EXPECT_THAT(ask(*server, kGetAndClose), StartsWith("HTTP/1.1 200 OK\r\n"));
}

constexpr std::string_view kListen = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

core::Fd listening(const MetricsServer& server) {
  auto fd = connected(server);
  send_text(fd, kListen);
  EXPECT_THAT(receive_until(fd, "retry: 1000\n\n"),
              HasSubstr("Content-Type: text/event-stream\r\n"));
  return fd;
}

// Where that never is, the test never ends, and its time-out fails it.
void publish_until_nobody_listens(MetricsServer& server, const std::string& event) {
  while (server.has_listeners()) {
    server.publish_second(event, event);
    usleep(1000);
  }
}

TEST(MetricsServer, ShowsThePageThatItIsGiven) {
  const auto server = started();
  server->show_page("<p>a page");
  EXPECT_THAT(ask(*server, "GET / HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\n<p>a page"));
}

TEST(MetricsServer, ANewcomerHearsHistoryOnceAndThenSeconds) {
  const auto server = started();
  EXPECT_FALSE(server->has_listeners());
  const auto fd = listening(*server);
  EXPECT_TRUE(server->has_listeners());
  EXPECT_TRUE(server->wants_history());
  server->publish_second("1", "");  // was made before anybody knew of the newcomer
  server->publish_second("2", "all until 2");
  EXPECT_EQ(receive_until(fd, "\n\n"), "event: history\ndata: all until 2\n\n");
  server->publish_second("3", "all until 3");
  EXPECT_EQ(receive_until(fd, "\n\n"), "event: second\ndata: 3\n\n");
  EXPECT_FALSE(server->wants_history());
}

TEST(MetricsServer, ARunThatBeginsOrEndsIsToldToAll) {
  const auto server = started();
  const auto old = listening(*server);
  server->publish_second("1", "all until 1");
  EXPECT_EQ(receive_until(old, "\n\n"), "event: history\ndata: all until 1\n\n");
  const auto fresh = listening(*server);
  server->publish_history("another level");
  for (const auto* fd : {&old, &fresh})
    EXPECT_EQ(receive_until(*fd, "\n\n"), "event: history\ndata: another level\n\n");
  server->publish_second("2", "");
  for (const auto* fd : {&old, &fresh})
    EXPECT_EQ(receive_until(*fd, "\n\n"), "event: second\ndata: 2\n\n");
}

TEST(MetricsServer, WhatWasPublishedLastStillArrives) {
  auto server = started();
  const auto fd = listening(*server);
  const std::string much(2 * 1024 * 1024, 'x');  // more than the sockets hold
  server->publish_history(much);
  std::thread ends([&] { server.reset(); });
  EXPECT_EQ(receive_all(fd), "event: history\ndata: " + much + "\n\n");
  ends.join();
}

TEST(MetricsServer, WhoListensOutlivesARest) {
  const auto server = started();
  const auto fd = listening(*server);
  server->rest();
  server->rest();
  server->publish_history("meanwhile");
  server->go_on();
  server->go_on();
  EXPECT_EQ(receive_until(fd, "\n\n"), "event: history\ndata: meanwhile\n\n");
  EXPECT_THAT(ask(*server, kGetAndClose), EndsWith("metric 1\n"));
}

TEST(MetricsServer, WhoListensMayLeave) {
  const auto server = started();
  {
    const auto fd = listening(*server);
  }
  // Until the server has noticed, it writes to a closed connection.
  publish_until_nobody_listens(*server, "1");
  EXPECT_THAT(ask(*server, kGetAndClose), EndsWith("metric 1\n"));
}

TEST(MetricsServer, OneListenerTooManyIsToldSo) {
  const auto server = started();
  std::vector<core::Fd> fds;
  for (std::size_t i = 0; i < kListenersMax; ++i) fds.push_back(listening(*server));
  EXPECT_THAT(ask(*server, kListen), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(ask(*server, kGetAndClose), EndsWith("metric 1\n"));
}

TEST(MetricsServer, AListenerThatNeverReadsIsDropped) {
  const auto server = started();
  const auto fd = listening(*server);
  const std::string much(1024 * 1024, 'x');
  publish_until_nobody_listens(*server, much);
  receive_all(fd);
  EXPECT_TRUE(has_ended(fd));
}

TEST(MetricsServer, TakenPortIsAUsageErrorThatNamesTheOption) {
  const auto server = started();
  const auto second = MetricsServer::start(server->where());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, core::ErrorKind::usage);
  EXPECT_THAT(second.error().text, HasSubstr(server->where().text()));
  EXPECT_THAT(second.error().text, HasSubstr("--metrics-listen"));
}

}  // namespace
}  // namespace gauntlet::record
