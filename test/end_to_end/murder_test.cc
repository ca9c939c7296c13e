// Worker murder under load: workers are killed, and no client loses its session.
#include <csignal>
#include <stdexcept>

#include "end_to_end/workers.h"

namespace gauntlet::end_to_end {
namespace {

// Whether it still does anything: whoever inherits a dead process may be slow to bury it.
bool lives(pid_t pid) {
  const std::string stat = read_whole("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t state = stat.rfind(") ");
  return state != std::string::npos && stat[state + 2] != 'Z';
}

std::int64_t sessions(const boost::json::object& summary, std::string_view what) {
  return count(summary, "clients", "sessions_" + std::string(what));
}

TEST(Murder, CostsNoSessionAndNoWrongAnswer) {
  constexpr std::size_t kKills = 5;
  Server server({"--http", "127.0.0.1:auto", "--workers", "4", "--restart-limit", "100/60s"});
  Gauntlet run({"run", "--url",     server.url(), "--protocol", "2025-11-25",     "-c", "200",
                "-R",  "1000",      "-d",         "7s",         "--warmup",       "0s", "--ramp",
                "0s",  "--timeout", "5s",         "--slo",      "error_rate<50%", "-q"});
  usleep(2'000'000);
  for (std::size_t i = 0; i < kKills; ++i, usleep(800'000))
    kill(workers_of(server, 4)[i % 4], SIGKILL);
  run.wait();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  EXPECT_EQ(sessions(summary, "opened"), 200);
  EXPECT_EQ(sessions(summary, "lost"), 0);
  EXPECT_GT(sessions(summary, "kept"), 50) << "a quarter of the clients, five times";
  for (const char* const wrong : {"integrity", "protocol", "jsonrpc", "tool_error", "http_status"})
    EXPECT_EQ(count(summary, "errors", wrong), 0) << wrong;
  EXPECT_GT(count(summary, "load", "completed"), 5000);
}

// The kernel deals connections out at random: a tenth of 400 is 40, and 80 six deviations more.
TEST(Murder, OfOneWorkerInTenEndsATenthOfTheConnections) {
  constexpr std::size_t kConnections = 400;
  const Server server({"--http", "127.0.0.1:auto", "--workers", "10"});
  const std::string health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::vector<server::Client> clients;
  for (std::size_t i = 0; i < kConnections; ++i) {
    clients.emplace_back(endpoint_of(server.url()));
    ASSERT_EQ(clients.back().ask(health).status, 200);
  }
  const pid_t victim = workers_of(server, 10)[5];
  kill(victim, SIGKILL);
  while (lives(victim)) usleep(1000);
  std::size_t lost = 0;
  for (server::Client& client : clients) {
    try {
      EXPECT_EQ(client.ask(health).status, 200);
    } catch (const std::runtime_error&) {
      ++lost;
    }
  }
  EXPECT_GT(lost, 0U);
  EXPECT_LT(lost, 80U);
}

TEST(Murder, OfTheSupervisorLeavesNothingBehind) {
  Server server({"--http", "127.0.0.1:auto", "--workers", "3"});
  const auto where = endpoint_of(server.url());
  const std::vector<pid_t> workers = workers_of(server, 3);
  server.signal(SIGKILL);
  for (const pid_t worker : workers)
    while (lives(worker)) usleep(1000);
  EXPECT_TRUE(net::listen_on(where)) << "the port is free";
  // Their shared memory has no name in any file system that could be left over.
  for (const auto& entry : fs::directory_iterator("/dev/shm"))
    EXPECT_EQ(entry.path().string().find("gauntlet"), std::string::npos) << entry.path();
}

}  // namespace
}  // namespace gauntlet::end_to_end
