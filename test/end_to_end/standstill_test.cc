// A worker that lives and stands still: those that come meanwhile are served by the others.
#include <chrono>
#include <csignal>
#include <thread>

#include "end_to_end/workers.h"
#include "server/board.h"
#include "server/requests.h"

namespace gauntlet::end_to_end {
namespace {

using server::Client;
using server::stateless_echo;
using server::stateless_echoed;

// Stopped, until the end of the block.
class Stopped {
 public:
  explicit Stopped(pid_t pid) : pid_(pid) { kill(pid_, SIGSTOP); }
  ~Stopped() { kill(pid_, SIGCONT); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

 private:
  pid_t pid_;
};

TEST(Standstill, ThoseThatComeAreServedByTheOthers) {
  const Server server({"--http", "127.0.0.1:auto", "--workers", "2", "--exit-with-parent"});
  const net::Endpoint where = endpoint_of(server.url());
  const Stopped stopped(workers_of(server, 2).front());
  std::this_thread::sleep_for(std::chrono::nanoseconds(server::kStandstill + core::kSecond));
  // The kernel deals every other one of them to it, and the other one deals to whoever has fewer.
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(clients.emplace_back(where).ask(stateless_echo("1")).body, stateless_echoed("1"));
}

}  // namespace
}  // namespace gauntlet::end_to_end
