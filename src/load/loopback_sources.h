// loopback_sources: the addresses that many connections to one peer on this machine come from.
#pragma once

#include <cstdint>
#include <vector>

#include "net/endpoint.h"

namespace gauntlet::load {

// The kernel finds free local ports quickly up to about this many connections to one peer; beyond,
// several source addresses are used where the peer is on the IPv4 loopback.
inline constexpr std::uint32_t kConnectionsPerSource = 10'000;
inline constexpr int kSources = 4;

// Empty: leave it to the kernel.
std::vector<net::Endpoint> loopback_sources(const net::Endpoint& to, std::uint32_t connections);

}  // namespace gauntlet::load
