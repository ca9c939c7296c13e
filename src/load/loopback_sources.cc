#include "load/loopback_sources.h"

#include <sys/socket.h>

#include <string>

namespace gauntlet::load {

std::vector<net::Endpoint> loopback_sources(const net::Endpoint& to, std::uint32_t connections) {
  std::vector<net::Endpoint> sources;
  if (to.family() != AF_INET || !to.is_loopback() || connections <= kConnectionsPerSource)
    return sources;
  for (int i = 1; i <= kSources; ++i)
    sources.push_back(*net::Endpoint::tcp("127.0.0." + std::to_string(i), 0));
  return sources;
}

}  // namespace gauntlet::load
