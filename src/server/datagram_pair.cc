#include "server/datagram_pair.h"

#include <sys/socket.h>

#include <array>

namespace gauntlet::server {
namespace {

// As much as we may: beyond net.core.wmem_max takes CAP_NET_ADMIN.
void set_backlog(int socket, int bytes) {
  if (setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
    setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

}  // namespace

core::Result<DatagramPair> DatagramPair::open(int backlog_bytes) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return std::unexpected(core::errno_error("socketpair"));
  set_backlog(ends[1], backlog_bytes);
  return DatagramPair{core::Fd(ends[0]), core::Fd(ends[1])};
}

}  // namespace gauntlet::server
