// Snapshot: what one load thread saw in about one second. PhaseTotals: the same for a whole phase.
// A second counts events when they happen; a phase counts messages by their intended time, so that
// in every phase scheduled = completed + errors once the run has drained.
// Plain values; histograms merge exactly, so threads are added up without loss.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "run/error_class.h"
#include "stats/histogram.h"

namespace gauntlet::run {

// What an integrity error was.
enum class Breach : std::uint8_t {
  lost,        // its exchange ended without it, while the connection lived
  duplicated,  // the answer came twice
  foreign,     // it carries another call's nonce
};
inline constexpr std::size_t kBreachCount = 3;
inline constexpr std::array<std::string_view, kBreachCount> kBreachNames = {"lost", "duplicated",
                                                                            "foreign"};

struct Counts {
  std::uint64_t scheduled = 0;   // messages that came due
  std::uint64_t dispatched = 0;  // that the generator got to, in time or not
  std::uint64_t completed = 0;   // verified responses
  ErrorCounts errors{};
  std::array<std::uint64_t, kBreachCount> breaches{};  // the integrity errors, taken apart
  std::uint64_t notifications = 0;                     // server-to-client, never part of the above
  std::uint64_t retries = 0;                           // attempts of messages beyond their first
  std::uint64_t resumed = 0;     // answers fetched with Last-Event-ID after their stream broke
  std::uint64_t heartbeats = 0;  // asked; no messages, and no part of the above
  std::uint64_t heartbeats_missed = 0;

  void add(const Counts& other);
};

struct Traffic {
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t writes = 0;  // gathered writes; messages / writes is the batching achieved
  std::uint64_t reads = 0;

  void add(const Traffic& other);
};

struct Latencies {
  stats::Histogram response;  // intended send time to last byte of the verified response
  stats::Histogram service;   // actual send to the same
  stats::Histogram send_lag;  // intended send time to the generator getting to it

  void merge(const Latencies& other);
  void reset();
};

// Of the messages of one entry of the mix.
struct OperationCounts {
  std::uint64_t scheduled = 0;
  std::uint64_t completed = 0;
  std::uint64_t errors = 0;

  void add(const OperationCounts& other);
};

// Entries of the mix whose times are kept second by second; those beyond count with the last.
inline constexpr std::size_t kOperationsKept = 16;

// The same in one second, as it happened, with the response times of the completed ones.
struct OperationWindow {
  OperationCounts counts;
  stats::Histogram response;

  void merge(const OperationWindow& other);
};

struct PhaseTotals {
  Counts counts;
  Latencies latencies;
  std::vector<OperationCounts> operations = {};  // as LoadPlan::mix
  std::uint64_t clients_hit = 0;                 // with an error among their messages

  void merge(const PhaseTotals& other);
};

// Clients by the remainder of their number: so a fault can be aimed at a quarter of them.
inline constexpr std::size_t kClientGroups = 4;
using GroupCounts = std::array<std::uint64_t, kClientGroups>;

struct Snapshot {
  core::Nanos start = 0;  // since the load began; negative while connections open
  core::Nanos end = 0;
  std::uint32_t phase = 0;  // index into Plan::phases, at `end`
  Counts counts;
  Traffic traffic;
  Latencies latencies;
  // By entry of the mix, up to kOperationsKept; none where the mix has one entry.
  std::vector<OperationWindow> operations = {};
  GroupCounts group_completed{};  // the completed ones, by group of clients
  // Gauges at `end`.
  std::uint64_t connections_ready = 0;
  std::uint64_t outstanding = 0;      // dispatched, not finished
  std::uint64_t victims_waiting = 0;  // hit by a fault and not yet reconnected
  // The longest time without an answer while some were due, seen up to `end`; it may have begun
  // before `start`. Both 0: none that was seen. Of several threads: when none of them had one.
  core::Nanos pause_start = 0, pause_end = 0;
  // The first error, missed heartbeat or lost connection in it; 0: none.
  core::Nanos first_signal = 0;
  core::Nanos cpu = 0;              // of this thread, in this second
  core::Nanos run_queue_delay = 0;  // ready to run but not running (schedstat)

  void merge(const Snapshot& other);  // another thread's snapshot of the same second
};

}  // namespace gauntlet::run
