// LinkModel: what one direction of a bad link does to each packet. Pure and seeded: the same
// packets at the same times meet the same fates.
//
// Loss is independent for each packet (loss), or comes in bursts: Gilbert's two states, of which
// the bad one loses everything, entered and left with the given chances at each packet (E. N.
// Gilbert, Capacity of a Burst-Noise Channel, 1960). Delay is `delay` plus jitter, uniform in
// +-jitter or normal with that deviation, never below 0; the packets of one flow (a connection)
// keep their order but for those held back by `reorder`, which others then overtake. A rate is a
// bucket without depth: packets leave one after the other, and whoever would wait for more than
// `queue_bytes_max` bytes is dropped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/clock.h"
#include "core/random.h"

namespace gauntlet::chaos {

// Of one direction; all zero: the link does nothing. A plain value that is sent between processes.
struct LinkSettings {
  enum class Jitter : std::uint8_t { uniform, normal };

  core::Nanos delay_ns = 0;
  core::Nanos jitter_ns = 0;
  Jitter jitter = Jitter::uniform;
  double loss = 0;         // chance, of each packet
  double burst_enter = 0;  // chance to enter the bad state, of each packet in the good one
  double burst_leave = 1;  // chance to leave it
  double duplicate = 0;
  double reorder = 0;             // chance to be held back…
  core::Nanos reorder_by_ns = 0;  // …for this long
  std::uint64_t bytes_per_s = 0;  // 0: as fast as they come
  std::uint64_t queue_bytes_max = 256 * 1024;

  bool operator==(const LinkSettings&) const = default;
};

struct LinkCounts {
  std::uint64_t seen = 0;
  std::uint64_t lost = 0;        // by loss or in a burst
  std::uint64_t bursts = 0;      // times that the bad state was entered
  std::uint64_t overflowed = 0;  // of the rate's queue
  std::uint64_t duplicated = 0;
  std::uint64_t held_back = 0;
  std::uint64_t passed_bytes = 0;  // of those not lost, once each

  std::uint64_t passed() const { return seen - lost - overflowed; }
};

class LinkModel {
 public:
  struct Fate {
    bool passes = true;
    bool twice = false;
    core::Nanos due = 0;  // not before this time
  };

  LinkModel(const LinkSettings& settings, std::uint64_t seed)
      : settings_(settings), random_(seed) {}

  // Flows are told apart by their number modulo kFlows.
  static constexpr std::size_t kFlows = 1024;
  Fate meet(core::Nanos now, std::size_t bytes, std::size_t flow = 0);
  const LinkCounts& counts() const { return counts_; }

 private:
  bool chance(double p) { return p > 0 && random_.uniform() < p; }
  bool is_lost();
  core::Nanos jittered();
  double normal();
  bool queue(core::Nanos& due, std::size_t bytes);

  LinkSettings settings_;
  core::Random random_;
  LinkCounts counts_;
  bool bad_ = false;
  core::Nanos free_at_ = 0;                     // when the rate's last packet has left
  std::array<core::Nanos, kFlows> last_due_{};  // of the packets that keep their order, by flow
};

}  // namespace gauntlet::chaos
