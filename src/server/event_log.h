// EventLog: the latest events of all event streams, in memory that all workers share, so that a
// client may go on with `Last-Event-ID` at another worker than the one that wrote them.
//
// 64 shards by the session's key, each a ring of bytes of a fixed size under a process-shared
// robust mutex; the oldest events make room (server/event_ring.h). An event is visible once it is
// whole: a writer that is killed leaves none or all of it. An event's id is "<stream>-<number>" in
// decimal, numbers count from 1 within a stream, stream 0 is the standalone GET stream (2025-11-25
// basic/transports, Resumability and Redelivery: ids are unique within the session, and are cursors
// in a stream). A shard knows a stream for each 256 bytes of its ring; where there are more live
// ones, a forgotten one goes on with higher numbers, never with one it had.
// append() takes 1 to 2 us where streams are many, and read() 0.1 us for each event that it finds:
// memory that no cache holds.
// Every member may be called by any thread of any process that inherited the mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/event_ring.h"
#include "server/registry.h"
#include "server/session.h"
#include "server/shared_memory.h"

namespace gauntlet::server {

struct EventId {
  std::uint32_t stream = 0;
  std::uint64_t number = 0;
};
std::optional<EventId> parse_event_id(std::string_view text);
std::string text_of(EventId id);

class EventLog {
 public:
  // Throws std::bad_alloc where the kernel refuses: start-up only.
  explicit EventLog(std::size_t bytes_per_shard);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Keeps an event and returns its number, one more than the stream's last. `final` marks the last
  // one of its stream. An event larger than a quarter of a shard is numbered and not kept.
  std::uint64_t append(const SessionKey& session, std::uint32_t stream, std::string_view json,
                       bool final);
  enum class Replay : std::uint8_t {
    complete,   // everything after `after` was there
    gap,        // some of it had to make room already
    ended,      // complete, and the stream's final event was among it or before it
    gap_ended,  // like gap, and the stream's final event has been
    unknown,    // nothing is known of that stream, or it has not come to `after` yet
  };
  // Calls `on_event` for each kept event of the stream after number `after`, in order, outside the
  // lock.
  Replay read(const SessionKey& session, std::uint32_t stream, std::uint64_t after,
              const std::function<void(EventId, std::string_view json)>& on_event);
  // Forgets a session's streams, as closing it does; their bytes make room later.
  void forget(const SessionKey& session);
  // Times that a lock's owner had died with it in hand.
  std::uint64_t repaired() const;

 private:
  struct Shard;  // in shared memory
  struct Place;  // where a shard lies

  Place& place(const SessionKey& session);
  EventRing::Found find(const SessionKey& session, std::uint32_t stream, std::uint64_t after);

  SharedMemory memory_;
  std::vector<Place> places_;  // the same addresses in every process
};

}  // namespace gauntlet::server
