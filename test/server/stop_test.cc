// The graceful stop.
#include <fcntl.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served.h"

namespace gauntlet::server {
namespace {

std::string sleep_request(const char* ms) {
  return post(stateless_call("1", "sleep", std::string(R"({"ms":)") + ms + "}"),
              stateless_headers("tools/call", "sleep"));
}

void wait_for_later(const Served& served, double count) {
  while (served.metric("gauntlet_server_later_calls") < count) usleep(1000);
}

TEST(Stop, AnswersWhatIsInFlightAndCloses) {
  Served served;
  Client web(served.http());
  Client lines(served.lines());
  Client idle(served.lines());
  web.send(sleep_request("150"));
  lines.send(stateless_call("2", "sleep", R"({"ms":150})") + "\n");
  wait_for_later(served, 2);
  served.stop();
  served.join();
  const HttpResponse response = web.read_response();
  EXPECT_EQ(response.body, stateless_answered("1", R"("slept 150 ms")"));
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_EQ(web.read_to_end(), "");
  EXPECT_EQ(lines.read_line(), stateless_answered("2", R"("slept 150 ms")"));
  EXPECT_EQ(lines.read_to_end(), "");
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST(Stop, RefusesNewConnections) {
  Served served;
  served.stop();
  served.join();
  EXPECT_THROW(Client(served.http()), std::runtime_error);
}

// The worker computes while it is told to stop, and somebody connects.
TEST(Stop, AnswersThoseWhoHadConnected) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    Served served;
    Client busy(served.lines());
    busy.send(stateless_call("1", "cpu", R"({"ms":300})") + "\n");
    usleep(50'000);
    served.stop();
    try {
      Client late(served.http()), silent(served.http());
      late.send(stateless_echo("2"));
      EXPECT_EQ(late.read_response().body, stateless_echoed("2"));
      EXPECT_EQ(late.read_to_end(), "");
      EXPECT_EQ(silent.read_to_end(), "");
      return;
    } catch (const std::runtime_error&) {
      // On a busy machine it has stopped before we connected.
    }
  }
  FAIL() << "those who had connected were reset";
}

TEST(Stop, SaysNotReadyWhileStopping) {
  Served served;
  Client sleeper(served.lines());
  Client web(served.http());
  sleeper.send(stateless_call("1", "sleep", R"({"ms":400})") + "\n");
  web.send("GET /ready HTTP/1.1\r\nHost: localhost\r\n");  // in progress: is not closed as idle
  wait_for_later(served, 1);
  served.stop();
  while (true) {
    try {
      Client probe(served.http());
    } catch (const std::runtime_error&) {
      break;
    }
  }
  const HttpResponse response = web.ask("\r\n");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("connection"), "close");
}

TEST(Stop, DoesNotWaitForEver) {
  Config config = test_config();
  config.limits.stop_ns = 20 * core::kMillisecond;
  Served served(config);
  Client web(served.http());
  web.send(sleep_request("600000"));
  wait_for_later(served, 1);
  served.stop();
  served.join();
}

TEST(Start, ReplacesASocketThatWasLeftBehind) {
  const std::string path = testing::TempDir() + "gauntlet_stale_" + std::to_string(getpid());
  const auto where = *net::Endpoint::unix_path(path);
  Config config;
  config.lines = {where};
  {
    const auto stale = net::listen_on(where);
    ASSERT_TRUE(stale);
    EXPECT_THROW(Served{config}, std::runtime_error);  // somebody answers there
  }
  Served served(config);
  EXPECT_NO_THROW(Client{where});
}

TEST(Start, LeavesAFileAlone) {
  const std::string path = testing::TempDir() + "gauntlet_file_" + std::to_string(getpid());
  core::Fd file(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  Config config;
  config.lines = {*net::Endpoint::unix_path(path)};
  EXPECT_THROW(Served{config}, std::runtime_error);
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  unlink(path.c_str());
}

}  // namespace
}  // namespace gauntlet::server
