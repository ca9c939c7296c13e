// Board: what the workers of one server show each other and their supervisor, in memory that all of
// them share and that goes with the last of them.
//
// A worker has one of two seats, which take turns at a reload: while the old one ends its calls in
// one seat, the new one serves in the other. A seat outlives its workers, so counters only grow.
// Each number has one writer at a time; whoever reads sees each number whole, not all of one
// instant.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/clock.h"
#include "server/counters.h"
#include "server/places.h"
#include "server/shared_memory.h"

namespace gauntlet::server {

inline constexpr std::size_t kWorkersMax = 256;

// Upper bounds of the times from a worker's death to its successor's first turn; the last place of
// the counts is for longer ones.
inline constexpr std::array<core::Nanos, 9> kRestartBounds = {
    core::kMillisecond,       2 * core::kMillisecond,   5 * core::kMillisecond,
    10 * core::kMillisecond,  20 * core::kMillisecond,  50 * core::kMillisecond,
    100 * core::kMillisecond, 250 * core::kMillisecond, core::kSecond};

inline constexpr std::uint32_t kNobody = UINT32_MAX;

// A worker turns its loop once a second at least. One that has not for so long stands still: it was
// stopped (SIGSTOP), or hangs.
inline constexpr core::Nanos kStandstill = 5 * core::kSecond;

struct alignas(64) Seat {
  // Written by the supervisor.
  std::atomic<pid_t> pid{0};             // 0: nobody sits here
  std::atomic<core::Nanos> died_ns{0};   // when its last worker was found dead; 0: it was not
  std::atomic<std::uint64_t> deaths{0};  // that nobody asked for
  // Written by the worker.
  std::atomic<bool> up{false};
  std::array<Count, kRestartBounds.size() + 1> restarts;
  std::atomic<core::Nanos> restart_ns_sum{0};
  std::atomic<core::Nanos> restart_ns_last{0};
  Counters counters;
  Gauges gauges;
  std::atomic<core::Nanos> turned_ns{0};  // its last turn, or when it was forked; 0: it is gone
  // The seat that its worker is handing a connection over to, from before it is counted there until
  // after it is sent; kNobody: it is not.
  std::atomic<std::uint32_t> handing_to{kNobody};
  // Written by all.
  alignas(64) Places places;
  RobustMutex life;  // its worker holds it as long as it lives, where there are others

  // Its worker is about to be forked.
  void prepare();
  // Whether its worker is dead; then the places are its successor's, and none of them is taken. The
  // kernel gives the lock of a dead one away before it closes its descriptors: so this is known
  // before anybody who lost a connection can come back.
  void look_for_death();
  // Its worker has ended. `replaced`: another one is forked at once.
  void bury(bool replaced);
  // The worker is in its loop.
  void note_up(core::Nanos now_ns);
  std::uint64_t restart_count() const;
  // Its worker does. A dead one does not, once that is known.
  bool stands_still(core::Nanos now_ns) const;
};

class Board {
 public:
  // Throws std::bad_alloc where the kernel refuses: start-up only.
  explicit Board(std::size_t workers);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  std::size_t workers() const { return seats_.size() / 2; }
  std::span<Seat> seats() { return seats_; }
  std::span<const Seat> seats() const { return seats_; }
  Seat& seat(std::size_t index) { return seats_[index]; }
  // Seats of one worker are `workers()` apart.
  std::size_t worker_of(std::size_t seat) const { return seat % workers(); }
  std::size_t other_seat(std::size_t seat) const { return (seat + workers()) % seats_.size(); }
  core::Nanos started_ns() const { return started_ns_; }

 private:
  std::span<Seat> seats_;
  core::Nanos started_ns_ = 0;
};

}  // namespace gauntlet::server
