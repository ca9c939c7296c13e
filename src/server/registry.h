// Registry: the sessions of all workers, in memory that they share and that outlives each of them.
//
// 64 shards by the key's high bits; each has a process-shared robust mutex and a fixed table of
// slots. A worker may be killed at any instruction: the next one to lock the shard finds the mutex
// ownerless, repairs the slot that was being written (each slot is marked while it changes) and
// goes on. Memory is bounded by `sessions_max`, taken at once from the kernel as needed (anonymous
// mapping, nothing in /dev/shm), and gone with the last process.
// Every member may be called by any process that inherited the mapping; none blocks for longer
// than another one's short critical section.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "server/session.h"

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
};

class Registry {
 public:
  // Reserves the mapping. Throws std::bad_alloc where the kernel refuses: start-up only.
  Registry(std::size_t sessions_max, core::Nanos idle_ns);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Nothing when its shard is full.
  std::optional<SessionKey> open(const Session& session, core::Nanos now_ns);
  // A copy; marks the session as used. Nothing where there is none, or it has expired.
  std::optional<Session> find(const SessionKey& key, core::Nanos now_ns);
  // Lets `change` work on the session under the lock: short, no calls into the registry. False
  // where there is none.
  bool update(const SessionKey& key, core::Nanos now_ns,
              const std::function<void(Session&)>& change);
  bool close(const SessionKey& key);
  // Forgets the idle. Cheap to call often: looks through one shard a call.
  void sweep(core::Nanos now_ns);

  // Failpoint: a shard that cannot be reached. find() and the others say nothing of its sessions.
  void make_unreachable(std::size_t shard, bool unreachable);
  bool reachable(const SessionKey& key) const;

  std::size_t count() const;
  ShardStats stats(std::size_t shard) const;
  static std::size_t shard_of(const SessionKey& key) { return key.high >> 58; }

 private:
  struct Shard;
  Shard& shard(const SessionKey& key);

  std::size_t slots_per_shard_;
  core::Nanos idle_ns_;
  Shard* shards_ = nullptr;
  std::size_t mapped_bytes_ = 0;
};

}  // namespace gauntlet::server
