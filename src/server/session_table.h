// SessionTable: the sessions of one shard of the registry, in shared memory, whole at any instant.
//
// A process may be killed between any two instructions of a member. Then another one calls
// repair(), and finds each session as it was before or as it is after, nothing in between:
// - A slot holds a session while `full` is set, which is the last write of insert() and the first
//   of erase().
// - assign() writes the new value beside the table, then marks the slot as pending, copies, and
//   takes the mark back. Whoever finds the mark copies again.
// - Everything else (buckets, chains, free list, count) only finds slots fast; repair() makes it
//   anew, once through the slots that were ever used.
// Keys are random: their low bits are the hash. The caller holds the shard's lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/clock.h"
#include "server/session.h"

namespace gauntlet::server {

class SessionTable {
 public:
  struct Slot {
    SessionKey key;
    core::Nanos used_ns;
    std::atomic<std::uint32_t> full;
    std::uint32_t next;  // in its chain or the free list; 1 + index, 0: none
    Session session;
  };

  // A view of memory of bytes_for(slots) bytes, aligned to a cache line and zero at first.
  SessionTable(std::byte* memory, std::uint32_t slots);
  static std::size_t bytes_for(std::uint32_t slots);

  Slot* find(const SessionKey& key);
  // False when the table is full. The key must not be in it.
  bool insert(const SessionKey& key, const Session& session, core::Nanos now_ns);
  void assign(Slot& slot, const Session& session);
  void erase(Slot& slot);
  void repair();

  // May be asked without the lock.
  std::uint32_t count() const { return head_->count.load(std::memory_order_relaxed); }
  bool is_full() const { return count() == slots_max_; }
  // Slots that were ever used: the first of them, full or not.
  std::uint32_t touched() const { return head_->touched; }
  Slot& slot(std::uint32_t index) { return slots_[index]; }

 private:
  struct Head {
    std::atomic<std::uint32_t> pending;  // 1 + the slot that `draft` is copied into; 0: none
    std::uint32_t touched;
    std::uint32_t free;  // 1 + index
    std::atomic<std::uint32_t> count;
    Session draft;
  };

  static std::uint32_t buckets_for(std::uint32_t slots);
  std::uint32_t& bucket(const SessionKey& key) { return buckets_[key.low & bucket_mask_]; }
  std::uint32_t number_of(const Slot& slot) const;
  Slot* take_free();
  void give_free(Slot& slot);
  void link(Slot& slot);
  void unlink(const Slot& slot);
  void add_count(std::uint32_t change);

  std::uint32_t slots_max_;
  std::uint32_t bucket_mask_;
  Head* head_;
  std::uint32_t* buckets_;
  Slot* slots_;
};

}  // namespace gauntlet::server
