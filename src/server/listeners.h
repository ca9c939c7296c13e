// Listeners: the listening sockets of a server, opened once and inherited by all its workers.
//
// A TCP endpoint has one socket a worker (SO_REUSEPORT): the kernel spreads connections over them,
// and those that wait for a worker that is down wait for its successor. Every worker has all of
// them open: those that wait for one that stands still are accepted by the others. A Unix socket is
// one for all. Who accepts a connection need not be who serves it: server/dealer.h. Movable;
// belongs to one thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/fd.h"
#include "core/result.h"
#include "net/endpoint.h"
#include "server/config.h"

namespace gauntlet::server {

enum class Speaks : std::uint8_t { http, lines, failpoints };

struct Listener {
  net::Endpoint where;  // the port is filled in
  Speaks speaks;
  std::vector<core::Fd> sockets;  // by worker; of a Unix socket one

  int socket_of(std::size_t worker) const { return sockets[worker % sockets.size()].get(); }
};

class Listeners {
 public:
  // All that the configuration names, or none.
  static core::Result<Listeners> open(const Config& config, std::size_t workers);

  Listeners() = default;
  Listeners(Listeners&&) = default;
  Listeners& operator=(Listeners&& other) noexcept;
  ~Listeners() { close(); }

  const std::vector<Listener>& all() const { return all_; }
  std::vector<net::Endpoint> endpoints(Speaks speaks) const;

  // The path of a Unix socket goes too, unless this is a worker whose supervisor lives.
  void close();

 private:
  std::vector<Listener> all_;
  pid_t opened_by_ = 0;
};

}  // namespace gauntlet::server
