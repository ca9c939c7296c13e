#include "run/fault_kind.h"

#include <algorithm>

namespace gauntlet::run {

std::span<const FaultKind> fault_kinds() {
  static const std::vector<FaultKind> kKinds = {
      {.name = "disconnect",
       .meaning = "clients lose their connections, by their own hand",
       .partial = true,
       .hows = {"mixed", "reset", "fin", "half_close", "abandon"}},
      {.name = "kill_worker", .meaning = "one worker of our own server is killed"},
      {.name = "pause", .meaning = "all processes of the target stand still", .lasts = true},
      {.name = "exec",
       .meaning = "commands of the user begin, show and end it",
       .lasts = true,
       .parameters = {"start", "evidence", "stop"}},
  };
  return kKinds;
}

const FaultKind* find_fault_kind(std::string_view name) {
  const auto found = std::ranges::find(fault_kinds(), name, &FaultKind::name);
  return found == fault_kinds().end() ? nullptr : &*found;
}

}  // namespace gauntlet::run
