// Timers: actions due at a time of core::monotonic_ns(), earliest first, equal times in order.
// Belongs to one thread; driven by its loop: run_due() after a turn, next_ns() as the turn's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/clock.h"

namespace gauntlet::server {

class Timers {
 public:
  using Action = std::move_only_function<void()>;
  static constexpr core::Nanos kNever = INT64_MAX;

  void at(core::Nanos due_ns, Action action);
  core::Nanos next_ns() const { return heap_.empty() ? kNever : heap_.front().due_ns; }
  void run_due(core::Nanos now_ns);
  std::size_t count() const { return heap_.size(); }

 private:
  struct Entry {
    core::Nanos due_ns;
    std::uint64_t order;
    Action action;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.due_ns != b.due_ns ? a.due_ns > b.due_ns : a.order > b.order;
  }

  std::vector<Entry> heap_;
  std::uint64_t made_ = 0;
};

}  // namespace gauntlet::server
