#include "server/registry.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "core/check.h"

namespace gauntlet::server {
namespace {

constexpr std::uint32_t kSlotsPerLook = 256;  // of a sweep, with the lock in hand
constexpr int kShardShift = 58;

// Counts that are written with the lock in hand and read without.
using Count = std::atomic<std::uint64_t>;

void add(Count& count, std::uint64_t n) {
  count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

std::uint64_t read(const Count& count) { return count.load(std::memory_order_relaxed); }

}  // namespace

struct alignas(64) Registry::Shard {
  RobustMutex mutex;
  std::atomic<bool> unreachable = false;
  std::atomic<std::uint32_t> sweeps = 0;  // the first shard's says whose turn it is
  Count lookups = 0;
  Count contended = 0;
  Count wait_ns = 0;
  Count wait_ns_max = 0;
  Count repaired = 0;
  Count expired = 0;
  Count turned_away = 0;

  void count_wait(std::uint64_t waited_ns) {
    add(contended, 1);
    add(wait_ns, waited_ns);
    if (waited_ns > read(wait_ns_max)) wait_ns_max.store(waited_ns);
  }

  // The failpoint's; without the lock, so that not even that is needed.
  bool turns_away() {
    if (!unreachable) return false;
    turned_away.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
};

struct Registry::Place {
  Shard* shard;
  SessionTable table;

  void repair() {
    table.repair();
    add(shard->repaired, 1);
  }
};

class Registry::Locked {
 public:
  explicit Locked(Place& at) : lock_(at.shard->mutex, [&at] { at.repair(); }) {
    const RobustMutex::Taken& taken = lock_.taken();
    if (taken.contended) at.shard->count_wait(static_cast<std::uint64_t>(taken.waited_ns));
  }

 private:
  RobustLock lock_;
};

Registry::Registry(std::size_t sessions_max, core::Nanos idle_ns)
    : sessions_max_(sessions_max),
      idle_ns_(idle_ns),
      slots_per_shard_(static_cast<std::uint32_t>(sessions_max / kShardCount + 1)),
      memory_((sizeof(Shard) + SessionTable::bytes_for(slots_per_shard_)) * kShardCount) {
  const std::size_t stride = sizeof(Shard) + SessionTable::bytes_for(slots_per_shard_);
  for (std::size_t i = 0; i < kShardCount; ++i) {
    std::byte* at = memory_.data() + i * stride;
    places_.push_back({new (at) Shard, SessionTable(at + sizeof(Shard), slots_per_shard_)});
  }
}

Registry::~Registry() = default;

Registry::Place& Registry::place(const SessionKey& key) { return places_[shard_of(key)]; }

// Goes on to the next shard where one is full: keys are random, but not perfectly even.
std::optional<SessionKey> Registry::open(const Session& session, core::Nanos now_ns) {
  if (count() >= sessions_max_) return std::nullopt;
  SessionKey key = random_session_key();
  for (std::size_t i = 0; i < kShardCount; ++i, key.high += std::uint64_t{1} << kShardShift) {
    Place& at = place(key);
    if (at.shard->unreachable || at.table.is_full()) continue;
    const Locked lock(at);
    if (at.table.insert(key, session, now_ns)) return key;
  }
  return std::nullopt;
}

SessionTable::Slot* Registry::look_up(Place& at, const SessionKey& key, core::Nanos now_ns) {
  add(at.shard->lookups, 1);
  SessionTable::Slot* slot = at.table.find(key);
  if (slot == nullptr) return nullptr;
  if (expired(slot->used_ns, now_ns)) {
    at.table.erase(*slot);
    add(at.shard->expired, 1);
    return nullptr;
  }
  slot->used_ns = std::max(slot->used_ns, now_ns);
  return slot;
}

std::optional<Session> Registry::find(const SessionKey& key, core::Nanos now_ns) {
  Place& at = place(key);
  if (at.shard->turns_away()) return std::nullopt;
  const Locked lock(at);
  const auto* slot = look_up(at, key, now_ns);
  return slot == nullptr ? std::nullopt : std::optional(slot->session);
}

std::optional<Session> Registry::find(const SessionKey& key, core::Nanos now_ns, Charge& charge) {
  Place& at = place(key);
  if (at.shard->turns_away()) return std::nullopt;
  const Locked lock(at);
  auto* slot = look_up(at, key, now_ns);
  if (slot == nullptr) return std::nullopt;
  if (slot->session.principal == charge.principal)
    charge.wait_ns = take(slot->session.allowance, charge.limit, now_ns);
  return slot->session;
}

bool Registry::update(const SessionKey& key, core::Nanos now_ns,
                      const std::function<void(Session&)>& change) {
  Place& at = place(key);
  if (at.shard->turns_away()) return false;
  const Locked lock(at);
  auto* slot = look_up(at, key, now_ns);
  if (slot == nullptr) return false;
  Session changed = slot->session;
  change(changed);
  at.table.assign(*slot, changed);
  return true;
}

bool Registry::close(const SessionKey& key) {
  Place& at = place(key);
  if (at.shard->turns_away()) return false;
  const Locked lock(at);
  SessionTable::Slot* slot = at.table.find(key);
  if (slot == nullptr) return false;
  at.table.erase(*slot);
  return true;
}

void Registry::sweep(core::Nanos now_ns) {
  Place& at = places_[places_[0].shard->sweeps.fetch_add(1) % kShardCount];
  for (std::uint32_t from = 0; from < slots_per_shard_; from += kSlotsPerLook)
    if (!sweep(at, from, now_ns)) return;
}

// At the end of time everybody has been idle for too long.
void Registry::forget_all() {
  for (std::size_t shard = 0; shard < kShardCount; ++shard) sweep(INT64_MAX);
}

bool Registry::sweep(Place& at, std::uint32_t from, core::Nanos now_ns) {
  const Locked lock(at);
  const std::uint32_t end = std::min(at.table.touched(), from + kSlotsPerLook);
  for (std::uint32_t i = from; i < end; ++i) {
    SessionTable::Slot& slot = at.table.slot(i);
    if (slot.full == 0 || !expired(slot.used_ns, now_ns)) continue;
    at.table.erase(slot);
    add(at.shard->expired, 1);
  }
  return end < at.table.touched();
}

void Registry::make_unreachable(std::size_t shard, bool unreachable) {
  GAUNTLET_CHECK(shard < kShardCount);
  places_[shard].shard->unreachable = unreachable;
}

bool Registry::reachable(const SessionKey& key) const {
  return !places_[shard_of(key)].shard->unreachable;
}

std::size_t Registry::count() const {
  std::size_t sum = 0;
  for (const Place& at : places_) sum += at.table.count();
  return sum;
}

ShardStats Registry::stats(std::size_t shard) const {
  GAUNTLET_CHECK(shard < kShardCount);
  const Place& at = places_[shard];
  return {.sessions = at.table.count(),
          .lookups = read(at.shard->lookups),
          .contended = read(at.shard->contended),
          .wait_ns = read(at.shard->wait_ns),
          .wait_ns_max = read(at.shard->wait_ns_max),
          .repaired = read(at.shard->repaired),
          .expired = read(at.shard->expired),
          .turned_away = read(at.shard->turned_away)};
}

}  // namespace gauntlet::server
