// Abuse of the whole process: no descriptors left, and memory that has to come back.
#include "core/proc.h"
#include "end_to_end/workers.h"
#include "server/requests.h"

namespace gauntlet::end_to_end {
namespace {

using server::Client;
using server::stateless_echo;
using server::stateless_echoed;

constexpr std::size_t kMegabyte = 1 << 20;

// With at most so many open descriptors.
Server serve_with_descriptors(int count) {
  return Server({"sh", "-c",
                 "ulimit -n " + std::to_string(count) +
                     "; exec \"$0\" serve --workers 1 --exit-with-parent --http 127.0.0.1:auto",
                 GAUNTLET_BINARY},
                "listening on ");
}

TEST(AbusiveProcess, WithoutDescriptorsTheNewAreRefusedAndTheOldAreServed) {
  const Server server = serve_with_descriptors(100);
  const net::Endpoint where = endpoint_of(server.url());
  Client witness(where);
  EXPECT_EQ(witness.ask(stateless_echo("1")).body, stateless_echoed("1"));
  {
    std::vector<Client> served;
    for (int refused = 0; refused < 50;) {
      Client client(where);
      const auto response = client.ask(stateless_echo("2"));
      if (response.status == 503) {
        EXPECT_EQ(response.headers.at("retry-after"), "1");
        ++refused;
        continue;
      }
      EXPECT_EQ(response.body, stateless_echoed("2"));
      served.push_back(std::move(client));
      ASSERT_LT(served.size(), 100U);
    }
    EXPECT_GT(served.size(), 40U);
    for (Client& client : served)
      EXPECT_EQ(client.ask(stateless_echo("3")).body, stateless_echoed("3"));
    EXPECT_EQ(witness.ask(stateless_echo("4")).body, stateless_echoed("4"));
  }
  // Once they are gone there is room again.
  while (Client(where).ask(stateless_echo("5")).status == 503) usleep(1000);
}

double metric(Client& client, const std::string& name) {
  const std::string text = client.ask(server::http("GET", "/metrics")).body;
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

std::uint64_t resident_bytes(const Server& server) {
  const pid_t root = server.pid();
  return core::resident_bytes(core::process_tree({&root, 1})).value_or(0);
}

// Bodies that are nearly whole, answers that nobody reads, calls without an end, many sessions.
std::vector<Client> abuse_with_memory(const net::Endpoint& where) {
  constexpr int kPeers = 60;
  const std::string body = server::stateless_call(
      "1", "echo", R"({"message":")" + std::string(kMegabyte - 1000, 'y') + "\"}");
  const std::string echo = server::post(body, server::stateless_headers("tools/call", "echo"));
  std::vector<Client> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.emplace_back(where).send(std::string_view(echo).substr(0, echo.size() - 1));
    Client& reader = peers.emplace_back(where);
    for (int j = 0; j < 2; ++j) reader.send(echo);
    Client& opener = peers.emplace_back(where);
    for (int j = 0; j < 50; ++j) opener.ask(server::post(server::initialize()));
  }
  for (int i = 0; i < 1000; ++i) peers.emplace_back(where);
  return peers;
}

TEST(AbusiveProcess, MemoryReturns) {
  const Server server({"--http", "127.0.0.1:auto", "--workers", "1", "--exit-with-parent"});
  const net::Endpoint where = endpoint_of(server.url());
  Client witness(where);
  const std::uint64_t before = resident_bytes(server);
  std::uint64_t most = 0;
  for (int round = 0; round < 2; ++round) {
    const std::vector<Client> peers = abuse_with_memory(where);
    most = std::max(most, resident_bytes(server));
    EXPECT_EQ(witness.ask(stateless_echo("1")).body, stateless_echoed("1"));
  }
  while (metric(witness, "gauntlet_server_connections") > 1) usleep(10'000);
  const std::uint64_t after = resident_bytes(server);
  EXPECT_GT(most, before + 60 * kMegabyte) << "no abuse";
  // Sessions stay, and spare buffers: 64 of 256 KiB.
  EXPECT_LT(after, before + 40 * kMegabyte);
}

}  // namespace
}  // namespace gauntlet::end_to_end
