// EventLog: the latest events of all event streams, in memory that all workers share, so that a
// client may go on with `Last-Event-ID` at another worker than the one that wrote them.
//
// 64 shards by the session's key, each a ring of bytes of a fixed size under a process-shared
// robust mutex; the oldest events make room. An event is visible once it is whole: a writer that is
// killed leaves none or all of it. An event's id is "<stream>-<number>" in decimal, numbers count
// from 1 within a stream, stream 0 is the standalone GET stream (2025-11-25 basic/transports,
// Resumability and Redelivery: ids are unique within the session, and are cursors in a stream).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/session.h"

namespace gauntlet::server {

struct EventId {
  std::uint32_t stream = 0;
  std::uint64_t number = 0;
};
std::optional<EventId> parse_event_id(std::string_view text);
std::string text_of(EventId id);

class EventLog {
 public:
  explicit EventLog(std::size_t bytes_per_shard);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Keeps an event and returns its number, one more than the stream's last. `final` marks the last
  // one of its stream. An event larger than a quarter of a shard is numbered and not kept.
  std::uint64_t append(const SessionKey& session, std::uint32_t stream, std::string_view json,
                       bool final);
  enum class Replay : std::uint8_t {
    complete,  // everything after `after` was there
    gap,       // some of it had to make room already
    ended,     // complete, and the stream's final event was among it or before it
    unknown,   // nothing is known of that stream
  };
  // Calls `on_event` for each kept event of the stream after number `after`, in order, outside the
  // lock.
  Replay read(const SessionKey& session, std::uint32_t stream, std::uint64_t after,
              const std::function<void(EventId, std::string_view json)>& on_event);
  // Forgets a session's events (they make room at once or later).
  void forget(const SessionKey& session);

 private:
  struct Shard;
  Shard* shards_ = nullptr;
  std::size_t bytes_per_shard_ = 0;
  std::size_t mapped_bytes_ = 0;
};

}  // namespace gauntlet::server
