// Worker murder under load: workers are killed, and no client loses its session.
#include <csignal>
#include <numeric>
#include <stdexcept>
#include <string_view>

#include "end_to_end/workers.h"
#include "net/loop.h"

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

constexpr std::string_view kHealth = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kMetrics = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

// What /metrics says by worker, asked on a connection that is counted anyway.
std::vector<int> connections_by_worker(server::Client& client) {
  constexpr std::string_view kName = "\ngauntlet_server_worker_connections{worker=\"";
  const std::string text = client.ask(kMetrics).body;
  std::vector<int> counts;
  for (auto at = text.find(kName); at != std::string::npos; at = text.find(kName, at + 1))
    counts.push_back(std::stoi(text.substr(text.find("} ", at) + 2)));
  return counts;
}

// Until so many are counted: a worker publishes what it has after it has answered.
std::vector<int> settled(server::Client& client, int sum) {
  constexpr int kAttempts = 20'000;
  std::vector<int> counts;
  for (int i = 0; i < kAttempts; ++i, usleep(1000)) {
    counts = connections_by_worker(client);
    if (std::accumulate(counts.begin(), counts.end(), 0) == sum) break;
  }
  return counts;
}

bool is_served(server::Client& client) {
  try {
    return client.ask(kHealth).status == 200;
  } catch (const std::runtime_error&) {
    return false;
  }
}

// A worker's death ends exactly its share, and gives it to its successor: `rounds` times.
void expect_exact_shares(const std::vector<std::string>& arguments, int rounds) {
  constexpr std::size_t kConnections = 1000;
  constexpr std::size_t kWorkers = 10;
  const std::vector<int> even(kWorkers, kConnections / kWorkers);
  const Server server(arguments);
  const net::Endpoint where = endpoint_of(server.url());
  std::vector<server::Client> clients;
  for (std::size_t i = 0; i < kConnections; ++i) {
    clients.emplace_back(where);
    ASSERT_TRUE(is_served(clients.back()));
  }
  for (int round = 0; round < rounds; ++round) {
    ASSERT_EQ(settled(clients.front(), kConnections), even);
    const pid_t victim = workers_of(server, kWorkers)[static_cast<std::size_t>(5 + round)];
    kill(victim, SIGKILL);
    while (lives(victim)) usleep(1000);
    std::size_t lost = 0;
    for (server::Client& client : clients) {
      if (is_served(client)) continue;
      ++lost;
      client = server::Client(where);
      ASSERT_TRUE(is_served(client));
    }
    EXPECT_EQ(lost, kConnections / kWorkers);
  }
  EXPECT_EQ(settled(clients.front(), kConnections), even) << "all are back";
}

TEST(Murder, OfOneWorkerInTenEndsATenthOfTheConnections) {
  expect_exact_shares({"--http", "127.0.0.1:auto", "--workers", "10", "--io", "epoll"}, 3);
}

TEST(Murder, EndsATenthOverIoUringToo) {
  if (!net::check_io(net::Io::io_uring)) GTEST_SKIP() << "no io_uring here";
  expect_exact_shares({"--http", "127.0.0.1:auto", "--workers", "10", "--io", "io_uring"}, 1);
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
