// Registry: the sessions of all workers, in memory that they share and that outlives each of them.
//
// 64 shards by the key's high bits; each has a process-shared robust mutex and a fixed table of
// slots (server/session_table.h). A worker may be killed at any instruction: the next one to lock
// the shard finds the mutex ownerless, repairs the table, loses and halves nothing, and goes on.
// Memory is bounded by `sessions_max`, taken from the kernel as it is touched (anonymous mapping,
// nothing in /dev/shm), and gone with the last process.
// Every member may be called by any thread of any process that inherited the mapping; none blocks
// for longer than other ones' short critical sections. A find() takes 0.2 us with 15,000
// sessions, most of it for memory that no cache holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "server/flow.h"
#include "server/session.h"
#include "server/session_table.h"
#include "server/shared_memory.h"

namespace gauntlet::server {

inline constexpr std::size_t kShardCount = 64;

struct ShardStats {
  std::uint64_t sessions = 0;
  std::uint64_t lookups = 0;
  std::uint64_t contended = 0;  // lock was taken by someone else at the first try
  std::uint64_t wait_ns = 0;    // all the time spent waiting for the lock
  std::uint64_t wait_ns_max = 0;
  std::uint64_t repaired = 0;  // its owner had died with the lock in hand
  std::uint64_t expired = 0;
  std::uint64_t turned_away = 0;  // by the failpoint
};

class Registry {
 public:
  // Reserves the mapping. Throws std::bad_alloc where the kernel refuses: start-up only.
  Registry(std::size_t sessions_max, core::Nanos idle_ns);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Nothing when `sessions_max` are open (those who open at the same instant may exceed it by their
  // number, within the slots there are) or no shard can be reached.
  std::optional<SessionKey> open(const Session& session, core::Nanos now_ns);
  // A copy; marks the session as used. Nothing where there is none, or it has expired.
  std::optional<Session> find(const SessionKey& key, core::Nanos now_ns);
  // The same; where the session is its principal's, takes a message from its allowance. That is
  // written in place: a worker that dies there may cost or give its client some messages.
  struct Charge {
    const RateLimit& limit;
    std::uint64_t principal = 0;
    core::Nanos wait_ns = 0;  // set: what take() said
  };
  std::optional<Session> find(const SessionKey& key, core::Nanos now_ns, Charge& charge);
  // Lets `change` work on the session under the lock: short, no calls into the registry. False
  // where there is none.
  bool update(const SessionKey& key, core::Nanos now_ns,
              const std::function<void(Session&)>& change);
  bool close(const SessionKey& key);
  // Forgets the idle. Cheap to call often: looks through one shard a call, all workers taking
  // turns, and never holds its lock for more than a few hundred slots.
  void sweep(core::Nanos now_ns);
  void forget_all();

  // Failpoint: a shard that cannot be reached, by any worker. find() and the others say nothing of
  // its sessions, and new ones go elsewhere.
  void make_unreachable(std::size_t shard, bool unreachable);
  bool reachable(const SessionKey& key) const;

  std::size_t count() const;
  ShardStats stats(std::size_t shard) const;
  static std::size_t shard_of(const SessionKey& key) { return key.high >> 58; }

 private:
  struct Shard;  // in shared memory
  struct Place;  // where a shard lies
  class Locked;

  Place& place(const SessionKey& key);
  SessionTable::Slot* look_up(Place& at, const SessionKey& key, core::Nanos now_ns);
  bool sweep(Place& at, std::uint32_t from, core::Nanos now_ns);  // false: that was the end of it
  bool expired(core::Nanos used_ns, core::Nanos now_ns) const {
    return now_ns - used_ns > idle_ns_;
  }

  std::size_t sessions_max_;
  core::Nanos idle_ns_;
  std::uint32_t slots_per_shard_;
  SharedMemory memory_;
  std::vector<Place> places_;  // the same addresses in every process
};

}  // namespace gauntlet::server
