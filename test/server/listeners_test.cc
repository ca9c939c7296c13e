// Listeners: what their sockets give to the connections they accept.
#include "server/listeners.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <gtest/gtest.h>

#include "client.h"

namespace gauntlet::server {
namespace {

int option_of(int fd, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(fd, level, option, &value, &size);
  return value;
}

TEST(Listeners, ConnectionsAreProbedOnceTheyAreSilent) {
  Config config;
  config.http = {*net::Endpoint::tcp("127.0.0.1", 0)};
  const auto listeners = Listeners::open(config, 2);
  ASSERT_TRUE(listeners) << listeners.error().text;
  const Listener& listener = listeners->all()[0];
  const Client client(listener.where);
  core::Fd accepted;
  while (!accepted.valid())
    for (const core::Fd& socket : listener.sockets)
      if (!accepted.valid()) accepted.reset(accept(socket.get(), nullptr, nullptr));
  EXPECT_EQ(option_of(accepted.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option_of(accepted.get(), IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option_of(accepted.get(), IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(option_of(accepted.get(), IPPROTO_TCP, TCP_KEEPCNT), 3);
}

}  // namespace
}  // namespace gauntlet::server
