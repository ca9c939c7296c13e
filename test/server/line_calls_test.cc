// Many calls in flight on one stream of lines: what they say in between, and how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

Client opened(const Served& served) {
  Client client(served.lines());
  client.send(initialize() + "\n");
  client.read_line();
  return client;
}

std::string stream_call(std::string_view id, std::string_view arguments) {
  return call(id, "stream", arguments) + "\n";
}

std::string long_call(std::string_view id) { return call(id, "sleep", R"({"ms":600000})") + "\n"; }

// Turns of the server go by until the gauge says so.
void await(const Served& served, const std::string& metric, double value) {
  double seen = served.metric(metric);
  for (int i = 0; i < 1000 && seen != value; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    seen = served.metric(metric);
  }
  EXPECT_EQ(seen, value);
}

void await_calls(const Served& served, double calls) {
  await(served, "gauntlet_server_later_calls", calls);
}

TEST(LineCalls, TheirMessagesInterleave) {
  Served served;
  Client client = opened(served);
  client.send(stream_call("1", R"({"count":3,"ms":10})") +
              stream_call("2", R"({"count":3,"ms":10})") + echo("3") + "\n");
  int messages = 0;
  std::string answers;
  for (int i = 0; i < 9; ++i) {
    const std::string line = client.read_line();
    if (line.find("notifications/") != std::string::npos) {
      ++messages;
    } else {
      answers += line + "\n";
    }
  }
  EXPECT_EQ(messages, 6);
  EXPECT_TRUE(answers.starts_with(echoed("3"))) << "it waits for none of them";
  EXPECT_THAT(answers, HasSubstr(R"("id":1,)"));
  EXPECT_THAT(answers, HasSubstr(R"("id":2,)"));
}

TEST(LineCalls, EndWithTheirConnection) {
  Served served;
  {
    Client client = opened(served);
    client.send(long_call("1") + long_call("2"));
    await_calls(served, 2);
    const linger abort{.l_onoff = 1, .l_linger = 0};
    setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }
  await_calls(served, 0);
}

TEST(LineCalls, AreAnsweredAfterTheClientsLastByte) {
  Served served;
  Client client = opened(served);
  client.send(call("1", "sleep", R"({"ms":50})") + "\n" +
              stream_call("2", R"({"count":2,"ms":20})"));
  shutdown(client.fd(), SHUT_WR);
  const std::string all = client.read_to_end();
  EXPECT_THAT(all, HasSubstr("slept"));
  EXPECT_THAT(all, HasSubstr("streamed"));
}

TEST(LineCalls, AHalfClosedConnectionIsNotKeptForEver) {
  Config config = test_config();
  config.limits.half_closed_ns = core::kMillisecond;
  Served served(config);
  Client client = opened(served);
  client.send(long_call("1"));
  shutdown(client.fd(), SHUT_WR);
  EXPECT_EQ(client.read_to_end(), "");
  await_calls(served, 0);
}

TEST(LineCalls, AreBoundedPerConnection) {
  Config config = test_config();
  config.limits.peer_calls_max = 2;
  Served served(config);
  Client client = opened(served);
  client.send(call("1", "sleep", R"({"ms":30})") + "\n" + call("2", "sleep", R"({"ms":30})") +
              "\n" + echo("3") + "\n");
  EXPECT_THAT(client.read_answer(), HasSubstr("slept"));
  std::string rest = client.read_answer() + client.read_answer();
  EXPECT_THAT(rest, HasSubstr(echoed("3")));
  EXPECT_THAT(rest, HasSubstr("slept"));
}

TEST(LineCalls, NewsGoesToOpenedConnections) {
  Served served;
  Client client = opened(served);
  Client closed(served.lines());
  closed.send(message("1", "ping") + "\n");
  closed.read_line();
  served.post({Letter::Kind::tools_changed, {}, 0, {}});
  EXPECT_EQ(client.read_line(), R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  served.post({Letter::Kind::resource_updated, {}, 0, "test://nobody-watches"});
  client.send(echo("1") + "\n");
  EXPECT_EQ(client.read_line(), echoed("1"));
  closed.send(message("2", "ping") + "\n");
  EXPECT_THAT(closed.read_line(), HasSubstr(R"("id":2)"));
}

TEST(LineCalls, APeerThatReadsNothingIsCut) {
  Config config = test_config();
  config.limits.output_bytes_max = 1000;
  config.limits.backlog_bytes_max = 10'000;
  Served served(config);
  Client client = opened(served);
  std::string calls;
  for (int i = 0; i < 100; ++i) calls += stream_call("1", R"({"count":10000})");
  client.send(calls);  // at once: it may be cut before the last of them
  await(served, "gauntlet_server_connections", 1);
}

}  // namespace
}  // namespace gauntlet::server
