// Timers: actions due at a time of core::monotonic_ns(), earliest first, equal times in order.
// Belongs to one thread; driven by its loop: run_due() after a turn, next_ns() as the turn's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "core/clock.h"

namespace gauntlet::server {

class Timers {
 public:
  using Action = std::move_only_function<void()>;
  using Id = std::pair<core::Nanos, std::uint64_t>;  // due, and a number of its own
  static constexpr core::Nanos kNever = INT64_MAX;

  Id at(core::Nanos due_ns, Action action);
  // Nothing happens where it has run or was cancelled already.
  void cancel(Id timer) { actions_.erase(timer); }
  core::Nanos next_ns() const { return actions_.empty() ? kNever : actions_.begin()->first.first; }
  void run_due(core::Nanos now_ns);
  std::size_t count() const { return actions_.size(); }

 private:
  std::map<Id, Action> actions_;
  std::uint64_t made_ = 0;
};

}  // namespace gauntlet::server
