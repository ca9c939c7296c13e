#include "server/event_log.h"

#include <atomic>
#include <charconv>
#include <new>
#include <ranges>

#include <fmt/format.h>

namespace gauntlet::server {
namespace {

// All of the text, in decimal as text_of() writes it: no sign, no leading zero.
template <typename Number>
bool read_decimal(std::string_view text, Number& number) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace

std::optional<EventId> parse_event_id(std::string_view text) {
  const auto dash = text.find('-');
  EventId id;
  if (dash == std::string_view::npos || !read_decimal(text.substr(0, dash), id.stream) ||
      !read_decimal(text.substr(dash + 1), id.number))
    return std::nullopt;
  return id;
}

std::string text_of(EventId id) { return fmt::format("{}-{}", id.stream, id.number); }

struct alignas(64) EventLog::Shard {
  RobustMutex mutex;
  std::atomic<std::uint64_t> repaired = 0;
};

struct EventLog::Place {
  Shard* shard;
  EventRing ring;

  RobustLock lock() {
    return {shard->mutex, [this] {
              ring.repair();
              shard->repaired.fetch_add(1, std::memory_order_relaxed);
            }};
  }
};

EventLog::EventLog(std::size_t bytes_per_shard)
    : memory_((sizeof(Shard) + EventRing::bytes_for(bytes_per_shard)) * kShardCount) {
  const std::size_t stride = sizeof(Shard) + EventRing::bytes_for(bytes_per_shard);
  for (std::size_t i = 0; i < kShardCount; ++i) {
    std::byte* at = memory_.data() + i * stride;
    places_.push_back({new (at) Shard, EventRing(at + sizeof(Shard), bytes_per_shard)});
  }
}

EventLog::~EventLog() = default;

EventLog::Place& EventLog::place(const SessionKey& session) {
  return places_[Registry::shard_of(session)];
}

std::uint64_t EventLog::append(const SessionKey& session, std::uint32_t stream,
                               std::string_view json, bool final) {
  Place& at = place(session);
  const RobustLock lock = at.lock();
  return at.ring.append(session, stream, json, final);
}

EventRing::Found EventLog::find(const SessionKey& session, std::uint32_t stream,
                                std::uint64_t after) {
  Place& at = place(session);
  const RobustLock lock = at.lock();
  return at.ring.read(session, stream, after);
}

EventLog::Replay EventLog::read(
    const SessionKey& session, std::uint32_t stream, std::uint64_t after,
    const std::function<void(EventId, std::string_view json)>& on_event) {
  const EventRing::Found found = find(session, stream, after);
  for (const EventRing::Event& event : found.events | std::views::reverse)
    on_event({stream, event.number}, std::string_view(found.bytes).substr(event.begin, event.size));
  if (!found.known) return Replay::unknown;
  if (found.gap) return found.ended ? Replay::gap_ended : Replay::gap;
  return found.ended ? Replay::ended : Replay::complete;
}

void EventLog::forget(const SessionKey& session) {
  Place& at = place(session);
  const RobustLock lock = at.lock();
  at.ring.forget(session);
}

std::uint64_t EventLog::repaired() const {
  std::uint64_t sum = 0;
  for (const Place& at : places_) sum += at.shard->repaired.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace gauntlet::server
