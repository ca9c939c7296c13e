// CallRing: the calls of one client in the order they came due: queued, in flight, and the last
// finished ones, so that a second answer to a finished call is recognised.
// A power-of-two ring indexed by sequence number; grows up to kCallsMax, never shrinks.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"

namespace gauntlet::load {

// More calls waiting on one client than this: the next one counts as unsent.
inline constexpr std::uint64_t kCallsMax = 8192;

struct Call {
  enum class State : std::uint8_t { empty, queued, sent, completed, failed };

  core::Nanos intended = 0;
  core::Nanos sent = 0;
  State state = State::empty;
  std::uint8_t operation = 0;
  std::uint8_t phase = 0;
  std::uint16_t attempt = 0;  // how many attempts of the same message came before

  bool finished() const { return state == State::completed || state == State::failed; }
};

class CallRing {
 public:
  // oldest <= next_to_send <= end: sequence numbers of the first call not finished, the first not
  // sent, and the next to come.
  std::uint64_t oldest() const { return oldest_; }
  std::uint64_t next_to_send() const { return next_to_send_; }
  std::uint64_t end() const { return end_; }

  bool full() const { return end_ - oldest_ >= kCallsMax; }
  std::uint64_t unfinished_window() const { return end_ - oldest_; }
  std::uint64_t queued() const { return end_ - next_to_send_; }

  Call& push() {
    if (end_ - oldest_ == calls_.size()) grow();
    Call& call = at(end_++);
    call = Call{};
    return call;
  }
  Call& send_next() { return at(next_to_send_++); }
  // Moves past finished calls; queued ones that failed are skipped as sent.
  void advance() {
    while (oldest_ < end_ && at(oldest_).finished()) ++oldest_;
    if (next_to_send_ < oldest_) next_to_send_ = oldest_;
  }

  // nullptr where the sequence number is not, or no longer, in the ring.
  Call* find(std::uint64_t sequence) {
    if (sequence >= end_ || end_ - sequence > calls_.size()) return nullptr;
    return &at(sequence);
  }
  Call& at(std::uint64_t sequence) { return calls_[sequence & (calls_.size() - 1)]; }

 private:
  static constexpr std::size_t kCapacityMin = 8;

  void grow() {
    const std::size_t capacity = calls_.empty() ? kCapacityMin : calls_.size() * 2;
    std::vector<Call> larger(capacity);
    const std::uint64_t kept = calls_.size() < end_ ? calls_.size() : end_;
    for (std::uint64_t s = end_ - kept; s < end_; ++s) larger[s & (capacity - 1)] = at(s);
    calls_ = std::move(larger);
  }

  std::vector<Call> calls_;
  std::uint64_t oldest_ = 0;
  std::uint64_t next_to_send_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace gauntlet::load
