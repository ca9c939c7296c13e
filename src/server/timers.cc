#include "server/timers.h"

#include <algorithm>

namespace gauntlet::server {

void Timers::at(core::Nanos due_ns, Action action) {
  heap_.push_back({due_ns, made_++, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void Timers::run_due(core::Nanos now_ns) {
  while (next_ns() <= now_ns) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Action action = std::move(heap_.back().action);
    heap_.pop_back();
    action();
  }
}

}  // namespace gauntlet::server
