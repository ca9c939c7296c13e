// Tally: the counters and histograms of one load thread: the second in progress and the totals of
// every phase. Seconds are handed to the main thread through two lock-free rings (full ones out,
// empty ones back); where the main thread is late, a "second" simply grows longer.
// A time is recorded once: those of the phase in progress are added to its totals and to the second
// when the second is handed over, which histograms do exactly.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "core/spsc_ring.h"
#include "run/snapshot.h"

namespace gauntlet::load {

inline constexpr std::size_t kSnapshotsInFlight = 8;

using SnapshotRing = core::SpscRing<std::unique_ptr<run::Snapshot>, kSnapshotsInFlight>;

class Tally {
 public:
  explicit Tally(std::size_t phases, std::size_t operations = 1);

  // Load thread.
  run::Snapshot& second() { return *second_; }
  const run::PhaseTotals& phase(std::size_t index) {  // as of now
    settle_recent();
    return phases_[index];
  }

  void scheduled(std::size_t phase, std::uint64_t count = 1);
  void dispatched(std::size_t phase, core::Nanos send_lag, std::uint64_t count = 1);
  void completed(std::size_t phase, core::Nanos response, core::Nanos service);
  void failed(std::size_t phase, run::ErrorClass error);
  // The same messages, by entry of the mix and by group of clients.
  void scheduled_of(std::size_t phase, std::size_t operation) {
    ++phases_[phase].operations[operation].scheduled;
    if (auto* window = window_of(operation)) ++window->counts.scheduled;
  }
  void completed_of(std::size_t phase, std::size_t operation, core::Nanos response) {
    ++phases_[phase].operations[operation].completed;
    auto* window = window_of(operation);
    if (window == nullptr) return;
    ++window->counts.completed;
    window->response.record_ns(response);
  }
  void failed_of(std::size_t phase, std::size_t operation) {
    ++phases_[phase].operations[operation].errors;
    if (auto* window = window_of(operation)) ++window->counts.errors;
  }
  // As revoke(); its time stays among those of the second in which it was completed.
  void revoke_of(std::size_t phase, std::size_t operation) {
    --phases_[phase].operations[operation].completed;
    auto* window = window_of(operation);
    if (window != nullptr && window->counts.completed > 0) --window->counts.completed;
    failed_of(phase, operation);
  }
  void completed_by(std::uint32_t client) {
    ++second_->group_completed[client % run::kClientGroups];
  }
  void client_hit(std::size_t phase) { ++phases_[phase].clients_hit; }
  void breached(std::size_t phase, run::Breach breach);
  void retried(std::size_t phase);
  // Something went wrong that a client notices: the first time in a second is kept (monotonic).
  void note_signal() {
    if (second_->first_signal == 0) second_->first_signal = core::monotonic_ns();
  }
  // A completed message turned out to be duplicated: it becomes an integrity error.
  void revoke(std::size_t phase);

  // Hands the second in progress over, if the main thread left an empty one.
  bool hand_over();

  // Main thread.
  std::unique_ptr<run::Snapshot> take();
  void give_back(std::unique_ptr<run::Snapshot> empty);

  // After the load thread has ended.
  const std::vector<run::PhaseTotals>& phases() const { return phases_; }

 private:
  // Calls `record` on the latencies that a time of this phase belongs into.
  template <typename Record>
  void record(std::size_t phase, Record record) {
    if (phase > recent_phase_) begin_phase(phase);
    if (phase == recent_phase_) return record(recent_);
    record(second_->latencies);
    record(phases_[phase].latencies);
  }
  run::OperationWindow* window_of(std::size_t operation) {
    auto& all = second_->operations;
    return all.empty() ? nullptr : &all[std::min(operation, all.size() - 1)];
  }
  void begin_phase(std::size_t phase);
  void settle_recent();

  std::unique_ptr<run::Snapshot> second_;
  std::vector<run::PhaseTotals> phases_;
  run::Latencies recent_;  // of that phase, not yet among the above
  std::size_t recent_phase_ = 0;
  SnapshotRing full_;
  SnapshotRing empty_;
};

}  // namespace gauntlet::load
