#include "chaos/loopback_passage.h"

#include <fmt/format.h>

namespace gauntlet::chaos {

// Faults are before it (priority -300), and see the addresses that are on the wire.
core::Result<NftTable> open_loopback_passage(const Lab& lab, std::uint16_t port) {
  if (auto set = lab.set(Place::server, "ipv4/conf/all/route_localnet", "1"); !set)
    return std::unexpected(set.error());
  auto table = NftTable::open(lab, Place::server, "gauntlet_loopback");
  if (!table) return table;
  const auto filled = table->fill(
      fmt::format(" chain arriving {{\n"
                  "  type filter hook prerouting priority -200; policy accept;\n"
                  "  iifname \"server\" ip daddr {0} tcp dport {1} ip daddr set 127.0.0.1\n"
                  " }}\n"
                  " chain leaving {{\n"
                  "  type filter hook postrouting priority -200; policy accept;\n"
                  "  oifname \"server\" ip saddr 127.0.0.1 tcp sport {1} ip saddr set {0}\n"
                  " }}\n",
                  Lab::server_address(), port));
  if (!filled) return std::unexpected(filled.error());
  return table;
}

}  // namespace gauntlet::chaos
