#include "load/tally.h"

namespace gauntlet::load {

namespace {

// A mix of one entry is told by the second itself.
std::unique_ptr<run::Snapshot> empty_snapshot(std::size_t operations) {
  auto snapshot = std::make_unique<run::Snapshot>();
  if (operations > 1) snapshot->operations.resize(std::min(operations, run::kOperationsKept));
  return snapshot;
}

}  // namespace

Tally::Tally(std::size_t phases, std::size_t operations)
    : second_(empty_snapshot(operations)), phases_(phases) {
  for (auto& phase : phases_) phase.operations.resize(operations);
  for (std::size_t i = 1; i < kSnapshotsInFlight; ++i) empty_.push(empty_snapshot(operations));
}

void Tally::scheduled(std::size_t phase, std::uint64_t count) {
  second_->counts.scheduled += count;
  phases_[phase].counts.scheduled += count;
}

void Tally::dispatched(std::size_t phase, core::Nanos send_lag, std::uint64_t count) {
  second_->counts.dispatched += count;
  phases_[phase].counts.dispatched += count;
  record(phase, [&](run::Latencies& where) { where.send_lag.record_ns(send_lag, count); });
}

void Tally::completed(std::size_t phase, core::Nanos response, core::Nanos service) {
  record(phase, [&](run::Latencies& where) {
    where.response.record_ns(response);
    where.service.record_ns(service);
  });
  ++second_->counts.completed;
  ++phases_[phase].counts.completed;
}

void Tally::failed(std::size_t phase, run::ErrorClass error) {
  const auto index = static_cast<std::size_t>(error);
  ++second_->counts.errors[index];
  ++phases_[phase].counts.errors[index];
  note_signal();
}

void Tally::breached(std::size_t phase, run::Breach breach) {
  const auto index = static_cast<std::size_t>(breach);
  ++second_->counts.breaches[index];
  ++phases_[phase].counts.breaches[index];
}

void Tally::retried(std::size_t phase) {
  ++second_->counts.retries;
  ++phases_[phase].counts.retries;
}

void Tally::revoke(std::size_t phase) {
  // The second in which it was completed may be gone: a second's count must not fall below zero.
  if (second_->counts.completed > 0) --second_->counts.completed;
  --phases_[phase].counts.completed;
  failed(phase, run::ErrorClass::integrity);
  breached(phase, run::Breach::duplicated);
}

void Tally::begin_phase(std::size_t phase) {
  settle_recent();
  recent_phase_ = phase;
}

void Tally::settle_recent() {
  second_->latencies.merge(recent_);
  phases_[recent_phase_].latencies.merge(recent_);
  recent_.reset();
}

bool Tally::hand_over() {
  settle_recent();
  auto empty = empty_.pop();
  if (!empty) return false;
  full_.push(std::move(second_));  // cannot be full: there are only kSnapshotsInFlight snapshots
  second_ = std::move(*empty);
  return true;
}

std::unique_ptr<run::Snapshot> Tally::take() {
  auto full = full_.pop();
  return full ? std::move(*full) : nullptr;
}

void Tally::give_back(std::unique_ptr<run::Snapshot> empty) {
  empty->latencies.reset();
  empty->counts = {};
  empty->traffic = {};
  empty->group_completed = {};
  for (auto& operation : empty->operations) {
    operation.counts = {};
    operation.response.reset();
  }
  empty->first_signal = 0;
  empty->pause_start = empty->pause_end = 0;
  empty_.push(std::move(empty));
}

}  // namespace gauntlet::load
