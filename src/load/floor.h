// floor: what this machine carries of a byte pattern when nobody does anything with the bytes: each
// connection sends a burst, a peer echoes it, and the next follows at once. No message is faster
// than its bytes, so a result of the same pattern reads as a share of this. A closed loop of all
// connections: the rate is the ceiling; times are those of whole bursts. Blocks the calling thread,
// which drives all connections with a loop of its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"
#include "core/result.h"
#include "net/endpoint.h"
#include "net/loop.h"

namespace gauntlet::load {

struct FloorPattern {
  std::uint32_t connections = 1;
  std::uint32_t burst = 1;          // messages of one connection under way
  std::size_t message_bytes = 256;  // there, and back
  core::Nanos length = core::kSecond;
  net::Io io = net::Io::automatic;
};

struct Floor {
  double messages_per_s = 0;
  double burst_p50_ms = 0;
  double burst_p99_ms = 0;
  double cpu_us_per_message = 0;  // of the calling thread: half of it, the peer has the other
  core::Nanos begin = 0;          // when was measured (monotonic), so that who watches the peer
  core::Nanos end = 0;            // knows when that counts
};

// `peer` echoes. Errors: unreachable where not all connections could be opened, or one ended.
core::Result<Floor> measure_floor(const net::Endpoint& peer, const FloorPattern& pattern);

// Listens at `where`, echoes whatever comes, until `stop` becomes readable. `ready` is told where.
core::Result<void> run_echo_peer(const net::Endpoint& where, int stop,
                                 void (*ready)(const net::Endpoint& bound),
                                 net::Io io = net::Io::automatic);

}  // namespace gauntlet::load
