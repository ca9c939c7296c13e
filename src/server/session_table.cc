#include "server/session_table.h"

#include <algorithm>
#include <bit>

#include "core/check.h"
#include "server/shared_memory.h"

namespace gauntlet::server {
namespace {

constexpr std::size_t kLine = 64;

std::size_t whole_lines(std::size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

}  // namespace

std::uint32_t SessionTable::buckets_for(std::uint32_t slots) { return std::bit_ceil(slots); }

std::size_t SessionTable::bytes_for(std::uint32_t slots) {
  return whole_lines(sizeof(Head)) + whole_lines(buckets_for(slots) * sizeof(std::uint32_t)) +
         whole_lines(slots * sizeof(Slot));
}

SessionTable::SessionTable(std::byte* memory, std::uint32_t slots)
    : slots_max_(slots), bucket_mask_(buckets_for(slots) - 1) {
  GAUNTLET_CHECK(slots > 0);
  head_ = reinterpret_cast<Head*>(memory);
  memory += whole_lines(sizeof(Head));
  buckets_ = reinterpret_cast<std::uint32_t*>(memory);
  memory += whole_lines(buckets_for(slots) * sizeof(std::uint32_t));
  slots_ = reinterpret_cast<Slot*>(memory);
}

SessionTable::Slot* SessionTable::find(const SessionKey& key) {
  for (std::uint32_t number = bucket(key); number != 0;) {
    Slot& slot = slots_[number - 1];
    if (slot.key == key) return &slot;
    number = slot.next;
  }
  return nullptr;
}

bool SessionTable::insert(const SessionKey& key, const Session& session, core::Nanos now_ns) {
  Slot* slot = take_free();
  if (slot == nullptr) return false;
  slot->key = key;
  slot->used_ns = now_ns;
  slot->session = session;
  slot->full.store(1, std::memory_order_release);
  link(*slot);
  add_count(1);
  return true;
}

void SessionTable::assign(Slot& slot, const Session& session) {
  head_->draft = session;
  head_->pending.store(number_of(slot), std::memory_order_release);
  keep_order();
  slot.session = head_->draft;
  head_->pending.store(0, std::memory_order_release);
}

void SessionTable::erase(Slot& slot) {
  slot.full.store(0, std::memory_order_release);
  unlink(slot);
  give_free(slot);
  add_count(~std::uint32_t{0});
}

void SessionTable::repair() {
  if (const std::uint32_t pending = head_->pending.load(); pending != 0) {
    slots_[pending - 1].session = head_->draft;
    head_->pending.store(0, std::memory_order_release);
  }
  std::fill_n(buckets_, std::size_t{bucket_mask_} + 1, 0);
  head_->free = 0;
  std::uint32_t count = 0;
  for (std::uint32_t i = head_->touched; i-- > 0;) {
    const bool full = slots_[i].full.load(std::memory_order_relaxed) != 0;
    if (full) {
      link(slots_[i]);
      ++count;
    } else {
      give_free(slots_[i]);
    }
  }
  head_->count.store(count, std::memory_order_relaxed);
}

std::uint32_t SessionTable::number_of(const Slot& slot) const {
  return static_cast<std::uint32_t>(&slot - slots_) + 1;
}

SessionTable::Slot* SessionTable::take_free() {
  if (head_->free != 0) {
    Slot& slot = slots_[head_->free - 1];
    head_->free = slot.next;
    return &slot;
  }
  if (head_->touched == slots_max_) return nullptr;
  Slot& slot = slots_[head_->touched++];
  keep_order();  // repair() must look at the slot before it can be full
  return &slot;
}

void SessionTable::give_free(Slot& slot) {
  slot.next = head_->free;
  head_->free = number_of(slot);
}

void SessionTable::link(Slot& slot) {
  std::uint32_t& first = bucket(slot.key);
  slot.next = first;
  first = number_of(slot);
}

void SessionTable::unlink(const Slot& slot) {
  std::uint32_t* place = &bucket(slot.key);
  while (*place != number_of(slot)) place = &slots_[*place - 1].next;
  *place = slot.next;
}

void SessionTable::add_count(std::uint32_t change) {
  head_->count.store(count() + change, std::memory_order_relaxed);
}

}  // namespace gauntlet::server
