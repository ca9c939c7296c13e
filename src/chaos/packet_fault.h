// PacketFault: what nftables does to the packets between load and server: all of them dropped, in
// both directions or one, a share of them dropped, or connections reset.
//
// Packets are dropped where they arrive: for whoever sent them they are lost on the way, which they
// would not be if they were dropped where they leave. The kernel ends the fault by itself after its
// ttl (the element of a set with a time-out), and when we die (NftTable).
// Evidence: the kernel's counters of what came, was dropped, and went through, since start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chaos/fault.h"
#include "chaos/lab.h"
#include "chaos/nft_table.h"

namespace gauntlet::chaos {

enum class Direction : std::uint8_t { both, to_server, to_load };

struct PacketRule {
  enum class Effect : std::uint8_t { drop, lose, reset };

  Effect effect = Effect::drop;
  Direction direction = Direction::both;
  double share = 1;                             // lose: of the packets, true to 1e-5
  std::optional<std::string> only_client = {};  // of these load addresses; all where it is empty
};

class PacketFault final : public Fault {
 public:
  // Before there are many descriptors open: see NftTable.
  PacketFault(const Lab& lab, PacketRule rule);

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> stop() override;
  core::Result<void> verify_clean() override;

 private:
  struct End {  // where packets of one direction arrive
    Place place;
    std::string name;  // of the direction
    NftTable table;
  };

  void open_end(Place place);
  std::string body(Place place) const;
  bool as_ordered(const PacketCount& seen, const PacketCount& dropped,
                  const PacketCount& passed) const;

  const Lab& lab_;
  PacketRule rule_;
  core::Nanos ttl_ = 0;
  std::vector<End> ends_;
  core::Result<void> opened_;
};

}  // namespace gauntlet::chaos
