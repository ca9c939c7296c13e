// ProxyBoard: what the processes of one fault proxy share: the toxics in force and exact counters.
//
// One process, the one that takes orders, writes the table; all read it and count. The table is
// guarded by a version that is odd while it is written (a seqlock over atomic words), so no reader
// waits for a writer that may be dead, and no writer for a reader. Counters only grow; those of a
// toxic stay readable after its end, until its place is taken. Lies in shared anonymous memory
// that goes with the last process.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "chaos/proxy_toxic.h"
#include "core/clock.h"
#include "core/result.h"

namespace gauntlet::chaos {

inline constexpr std::size_t kToxicsMax = 16;
inline constexpr std::size_t kProxyProcessesMax = 64;

// Bits: one a place in the table.
using ToxicSet = std::uint16_t;

enum class ToxicEnd : std::uint8_t { none, order, ttl };

struct ToxicRow {
  Toxic toxic;
  std::uint32_t serial = 0;  // of the toxic in this place; 0: there has been none
  ToxicEnd ended = ToxicEnd::none;
  core::Nanos started_ns = 0;
  core::Nanos until_ns = 0;            // INT64_MAX: no end is set
  std::uint64_t ended_at_version = 0;  // of the table

  bool active(core::Nanos now) const {
    return serial != 0 && ended == ToxicEnd::none && now < until_ns;
  }
};
using ToxicTable = std::array<ToxicRow, kToxicsMax>;

struct ToxicCounters {
  std::atomic<std::uint64_t> connections{0};  // on which it had an effect
  std::atomic<std::uint64_t> chunks{0};       // reads
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> seen{0};  // messages that it could have had an effect on
};

struct ProxyTotals {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> closed{0};               // of the accepted
  std::atomic<std::uint64_t> refused{0};              // for want of descriptors
  std::atomic<std::uint64_t> unreachable{0};          // the target could not be connected to
  std::array<std::atomic<std::uint64_t>, 2> bytes{};  // read, by stream
  std::atomic<std::uint64_t> answers{0};              // told apart, both eras' openings too
  std::atomic<std::uint64_t> opaque{0};     // connections whose messages could not be told apart
  std::atomic<std::uint64_t> oversized{0};  // messages too long to be looked at
};

class ProxyBoard {
 public:
  struct Unmap {
    void operator()(ProxyBoard* board) const;
  };
  using Owner = std::unique_ptr<ProxyBoard, Unmap>;
  static core::Result<Owner> make(std::size_t processes, std::uint64_t seed);

  // By the process that takes orders. The name must be free, and a place.
  core::Result<void> add(const Toxic& toxic, core::Nanos now);
  bool remove(std::string_view name);  // false: none of that name is in force
  void remove_all();
  void end_overdue(core::Nanos now);
  const ToxicTable& table() const { return table_; }
  // Every process knows the table as it is.
  bool settled() const;

  // By any process.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // Nothing while it is being written.
  std::optional<std::uint64_t> read(ToxicTable& into) const;
  void acknowledge(std::size_t process, std::uint64_t version) {
    seen_[process].store(version, std::memory_order_release);
  }
  ToxicCounters& counters(std::size_t place) { return counters_[place]; }
  ProxyTotals& totals() { return totals_; }
  std::uint64_t seed() const { return seed_; }
  std::size_t processes() const { return processes_; }

 private:
  static constexpr std::size_t kWords = sizeof(ToxicTable) / sizeof(std::uint64_t);
  static_assert(sizeof(ToxicTable) % sizeof(std::uint64_t) == 0);

  ProxyBoard(std::size_t processes, std::uint64_t seed) : processes_(processes), seed_(seed) {}

  void publish();
  void end(ToxicRow& row, ToxicEnd how);
  bool all_have_seen(std::uint64_t version) const;
  ToxicRow* place_for(std::string_view name);

  std::size_t processes_;
  std::uint64_t seed_;
  std::uint32_t serials_ = 0;
  ToxicTable table_{};  // the writer's own
  std::atomic<std::uint64_t> version_{0};
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
  std::array<std::atomic<std::uint64_t>, kProxyProcessesMax> seen_{};
  std::array<ToxicCounters, kToxicsMax> counters_{};
  ProxyTotals totals_;
};

}  // namespace gauntlet::chaos
