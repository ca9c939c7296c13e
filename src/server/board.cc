#include "server/board.h"

#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <new>

namespace gauntlet::server {

void Seat::prepare() {
  up.store(false, std::memory_order_relaxed);
  turned_ns = core::monotonic_ns();  // or one that never begins would never stand still
  if (!places.now().is_open()) places.open();
}

void Seat::look_for_death() {
  const auto taken = life.try_lock();
  if (!taken) return;
  if (taken->ownerless) {
    if (places.now().is_open()) places.open();
    turned_ns = 0;
    life.repaired();
  }
  life.unlock();
}

void Seat::bury(bool replaced) {
  pid.store(0, std::memory_order_relaxed);
  handing_to = kNobody;
  turned_ns = 0;
  gauges.heap_bytes = 0;
  look_for_death();
  if (!replaced) places.close();
}

// `up` comes last: whoever sees it sees the restart counted.
void Seat::note_up(core::Nanos now_ns) {
  const core::Nanos died = died_ns.exchange(0, std::memory_order_relaxed);
  if (died != 0) {
    const core::Nanos took = now_ns - died;
    const auto bound = std::ranges::lower_bound(kRestartBounds, took);
    ++restarts[static_cast<std::size_t>(bound - kRestartBounds.begin())];
    restart_ns_sum.fetch_add(took, std::memory_order_relaxed);
    restart_ns_last.store(took, std::memory_order_relaxed);
  }
  up.store(true, std::memory_order_release);
}

std::uint64_t Seat::restart_count() const {
  std::uint64_t count = 0;
  for (const Count& within : restarts) count += within;
  return count;
}

bool Seat::stands_still(core::Nanos now_ns) const {
  const core::Nanos turned = turned_ns.load(std::memory_order_relaxed);
  return turned != 0 && now_ns - turned > kStandstill;
}

Board::Board(std::size_t workers) : started_ns_(core::monotonic_ns()) {
  const std::size_t count = 2 * workers;
  void* const memory = mmap(nullptr, count * sizeof(Seat), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  seats_ = {static_cast<Seat*>(memory), count};
  std::ranges::uninitialized_default_construct(seats_);
}

// The other processes keep theirs: only this one's view goes.
Board::~Board() { munmap(seats_.data(), seats_.size_bytes()); }

}  // namespace gauntlet::server
