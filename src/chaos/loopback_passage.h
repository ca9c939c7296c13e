// Loopback passage: how a server that listens on 127.0.0.1 alone is reached in the lab. What
// arrives from load for a port of the server's address is readdressed to 127.0.0.1 before the
// kernel asks whose it is, and what leaves from there gets the server's address back. It is done to
// each packet by itself: there is no connection tracking, which faults could confuse, and nothing
// in between. Source: nft(8) (payload statements), ip-sysctl (route_localnet).
#pragma once

#include <cstdint>

#include "chaos/nft_table.h"

namespace gauntlet::chaos {

// In force as long as the table is there. Before many descriptors are open: see NftTable.
core::Result<NftTable> open_loopback_passage(const Lab& lab, std::uint16_t port);

}  // namespace gauntlet::chaos
