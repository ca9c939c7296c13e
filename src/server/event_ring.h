// EventRing: the events of one shard of the event log, in shared memory, whole at any instant.
//
// A ring of bytes, and a table of the streams. Positions in the ring only grow; an event at `at` is
// there until the ring has grown by its capacity since. Each event names the one before it in its
// stream, and the stream names its last: a stream is read backwards, at the cost of its own events.
//
// A process may be killed between any two instructions of a member. append() moves the ring's end
// first (which gives up the oldest bytes), then writes, and commits by giving the stream a new last
// event: that entry is written beside the table, marked as pending, copied, and unmarked. Whoever
// finds the mark copies again (repair). Bytes that were written and not committed are named by
// nothing.
//
// The table of streams has sets of 16; a new stream takes the place of, in this order, none, the
// ended one with the oldest last event, the live one with the oldest. A live one that lost its
// place goes on with numbers above all that were lost in that set: no number is used twice.
// The caller holds the shard's lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/session.h"

namespace gauntlet::server {

class EventRing {
 public:
  struct Event {
    std::uint64_t number;
    std::size_t begin, size;  // in Found::bytes
  };
  struct Found {
    bool known = false;
    bool ended = false;  // by its final event, kept or not
    bool gap = false;
    std::string bytes;
    std::vector<Event> events;  // latest first
  };

  // A view of memory of bytes_for(capacity) bytes, aligned to a cache line and zero at first.
  EventRing(std::byte* memory, std::size_t capacity);
  static std::size_t bytes_for(std::size_t capacity);

  std::uint64_t append(const SessionKey& session, std::uint32_t stream, std::string_view json,
                       bool final);
  Found read(const SessionKey& session, std::uint32_t stream, std::uint64_t after) const;
  void forget(const SessionKey& session);  // reads 4 bytes for each stream there is room for
  void repair();

 private:
  struct Stream {
    SessionKey session;
    std::uint32_t number;
    std::uint32_t ended;
    std::uint64_t last_number;
    std::uint64_t last_at;  // 1 + position of its last kept event; 0: none
  };
  struct Record {  // before each event's bytes
    std::uint64_t previous_at;
    std::uint64_t number;
    std::uint64_t size;
  };
  struct Head {
    std::atomic<std::uint64_t> end;
    std::atomic<std::uint32_t> pending;  // 1 + the place that the drafts are copied into; 0: none
    std::uint32_t draft_tag;
    Stream draft;
  };

  static std::size_t sets_for(std::size_t capacity);
  std::size_t set_of(const SessionKey& session, std::uint32_t stream) const;
  // Its place in the table; that of the set's end where there is none.
  std::size_t find(std::size_t set, const SessionKey& session, std::uint32_t stream) const;
  std::size_t place_for_new(std::size_t set);
  Stream start(std::size_t set, std::size_t place, const SessionKey& session, std::uint32_t stream);
  std::uint64_t write(std::uint64_t previous_at, std::uint64_t number, std::string_view json);
  void commit(std::size_t place, const Stream& stream);
  bool kept(std::uint64_t at) const;
  void copy_in(std::uint64_t position, const void* from, std::size_t size);
  void copy_out(std::uint64_t position, void* to, std::size_t size) const;

  std::size_t capacity_;
  std::size_t sets_;
  Head* head_;
  std::uint64_t* floors_;  // by set: the highest number of the live streams that lost their place
  std::uint32_t* tags_;    // by place: of its session; 0: the place is free
  Stream* streams_;
  std::byte* bytes_;
};

}  // namespace gauntlet::server
