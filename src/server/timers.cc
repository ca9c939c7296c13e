#include "server/timers.h"

namespace gauntlet::server {

Timers::Id Timers::at(core::Nanos due_ns, Action action) {
  const Id id{due_ns, made_++};
  actions_.emplace(id, std::move(action));
  return id;
}

void Timers::run_due(core::Nanos now_ns) {
  while (next_ns() <= now_ns) {
    Action action = std::move(actions_.begin()->second);
    actions_.erase(actions_.begin());
    action();
  }
}

}  // namespace gauntlet::server
