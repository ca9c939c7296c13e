#include "server/event_ring.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/shared_memory.h"

namespace gauntlet::server {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kPlacesPerSet = 16;
constexpr std::size_t kBytesPerStream = 256;  // of the ring; how many streams are known follows

std::size_t whole_lines(std::size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

std::uint32_t tag_of(const SessionKey& session) {
  return static_cast<std::uint32_t>(session.high) | 1;
}

// Hands out pieces of a shard's memory, each on lines of its own.
struct Pieces {
  std::byte* at;

  template <typename T>
  T* take(std::size_t count) {
    T* piece = reinterpret_cast<T*>(at);
    at += whole_lines(count * sizeof(T));
    return piece;
  }
};

}  // namespace

std::size_t EventRing::sets_for(std::size_t capacity) {
  return std::bit_ceil(capacity / kBytesPerStream / kPlacesPerSet + 1);
}

std::size_t EventRing::bytes_for(std::size_t capacity) {
  const std::size_t sets = sets_for(capacity);
  return whole_lines(sizeof(Head)) + whole_lines(sets * sizeof(std::uint64_t)) +
         whole_lines(sets * kPlacesPerSet * sizeof(std::uint32_t)) +
         whole_lines(sets * kPlacesPerSet * sizeof(Stream)) + whole_lines(capacity);
}

EventRing::EventRing(std::byte* memory, std::size_t capacity)
    : capacity_(capacity), sets_(sets_for(capacity)) {
  Pieces pieces{memory};
  head_ = pieces.take<Head>(1);
  floors_ = pieces.take<std::uint64_t>(sets_);
  tags_ = pieces.take<std::uint32_t>(sets_ * kPlacesPerSet);
  streams_ = pieces.take<Stream>(sets_ * kPlacesPerSet);
  bytes_ = pieces.take<std::byte>(capacity);
}

std::uint64_t EventRing::append(const SessionKey& session, std::uint32_t stream,
                                std::string_view json, bool final) {
  const std::size_t set = set_of(session, stream);
  std::size_t place = find(set, session, stream);
  const bool known = place != (set + 1) * kPlacesPerSet;
  if (!known) place = place_for_new(set);
  Stream changed = known ? streams_[place] : start(set, place, session, stream);
  ++changed.last_number;
  if (final) changed.ended = 1;
  if (sizeof(Record) + json.size() <= capacity_ / 4)
    changed.last_at = write(changed.last_at, changed.last_number, json) + 1;
  commit(place, changed);
  return changed.last_number;
}

EventRing::Found EventRing::read(const SessionKey& session, std::uint32_t stream,
                                 std::uint64_t after) const {
  Found found;
  const std::size_t set = set_of(session, stream);
  const std::size_t place = find(set, session, stream);
  if (place == (set + 1) * kPlacesPerSet || after > streams_[place].last_number) return found;
  found.known = true;
  found.ended = streams_[place].ended != 0;
  std::uint64_t expected = streams_[place].last_number;
  for (std::uint64_t at = streams_[place].last_at; at != 0 && kept(at - 1) && expected > after;) {
    Record record;
    copy_out(at - 1, &record, sizeof record);
    found.gap = found.gap || record.number != expected;
    if (record.number <= after) break;
    found.events.push_back({record.number, found.bytes.size(), record.size});
    found.bytes.resize(found.bytes.size() + record.size);
    copy_out(at - 1 + sizeof record, &found.bytes[found.events.back().begin], record.size);
    expected = record.number - 1;
    at = record.previous_at;
  }
  found.gap = found.gap || expected > after;
  return found;
}

void EventRing::forget(const SessionKey& session) {
  const std::uint32_t tag = tag_of(session);
  for (std::size_t i = 0; i < sets_ * kPlacesPerSet; ++i)
    if (tags_[i] == tag && streams_[i].session == session) tags_[i] = 0;
}

void EventRing::repair() {
  if (const std::uint32_t pending = head_->pending.load(); pending != 0) {
    streams_[pending - 1] = head_->draft;
    tags_[pending - 1] = head_->draft_tag;
    head_->pending.store(0, std::memory_order_release);
  }
}

std::size_t EventRing::set_of(const SessionKey& session, std::uint32_t stream) const {
  const std::uint64_t mixed = (session.low ^ stream) * 0x9E3779B97F4A7C15;
  return (mixed >> 32) & (sets_ - 1);
}

std::size_t EventRing::find(std::size_t set, const SessionKey& session,
                            std::uint32_t stream) const {
  const std::uint32_t tag = tag_of(session);
  std::size_t place = set * kPlacesPerSet;
  const std::size_t end = place + kPlacesPerSet;
  while (place < end && !(tags_[place] == tag && streams_[place].number == stream &&
                          streams_[place].session == session))
    ++place;
  return place;
}

std::size_t EventRing::place_for_new(std::size_t set) {
  const auto worth = [&](std::size_t place) {
    if (tags_[place] == 0) return std::uint64_t{0};
    const Stream& stream = streams_[place];
    constexpr std::uint64_t kLive = std::uint64_t{1} << 63;
    return (stream.ended != 0 ? 0 : kLive) + stream.last_at + 1;
  };
  std::size_t best = set * kPlacesPerSet;
  for (std::size_t place = best; place < (set + 1) * kPlacesPerSet; ++place)
    if (worth(place) < worth(best)) best = place;
  return best;
}

EventRing::Stream EventRing::start(std::size_t set, std::size_t place, const SessionKey& session,
                                   std::uint32_t stream) {
  const bool lost = tags_[place] != 0 && streams_[place].ended == 0;
  if (lost) floors_[set] = std::max(floors_[set], streams_[place].last_number);
  return {
      .session = session, .number = stream, .ended = 0, .last_number = floors_[set], .last_at = 0};
}

std::uint64_t EventRing::write(std::uint64_t previous_at, std::uint64_t number,
                               std::string_view json) {
  const Record record{previous_at, number, json.size()};
  const std::uint64_t at = head_->end.load(std::memory_order_relaxed);
  head_->end.store(at + sizeof record + json.size(), std::memory_order_release);
  keep_order();  // what is about to be overwritten must be given up first
  copy_in(at, &record, sizeof record);
  copy_in(at + sizeof record, json.data(), json.size());
  return at;
}

void EventRing::commit(std::size_t place, const Stream& stream) {
  head_->draft = stream;
  head_->draft_tag = tag_of(stream.session);
  head_->pending.store(static_cast<std::uint32_t>(place) + 1, std::memory_order_release);
  keep_order();
  streams_[place] = head_->draft;
  tags_[place] = head_->draft_tag;
  head_->pending.store(0, std::memory_order_release);
}

bool EventRing::kept(std::uint64_t at) const {
  return head_->end.load(std::memory_order_relaxed) - at <= capacity_;
}

void EventRing::copy_in(std::uint64_t position, const void* from, std::size_t size) {
  const std::size_t begin = position % capacity_;
  const std::size_t first = std::min(size, capacity_ - begin);
  const auto* bytes = static_cast<const std::byte*>(from);
  std::copy_n(bytes, first, bytes_ + begin);
  std::copy_n(bytes + first, size - first, bytes_);
}

void EventRing::copy_out(std::uint64_t position, void* to, std::size_t size) const {
  const std::size_t begin = position % capacity_;
  const std::size_t first = std::min(size, capacity_ - begin);
  auto* bytes = static_cast<std::byte*>(to);
  std::copy_n(bytes_ + begin, first, bytes);
  std::copy_n(bytes_, size - first, bytes + first);
}

}  // namespace gauntlet::server
