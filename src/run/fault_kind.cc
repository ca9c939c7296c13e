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
      {.name = "crash", .meaning = "processes of the target are killed", .partial = true},
      {.name = "pause",
       .meaning = "processes of the target stand still",
       .lasts = true,
       .partial = true},
      {.name = "partition",
       .meaning = "no packet passes between load and target",
       .lasts = true,
       .parameters = {"direction"}},
      {.name = "packet_loss",
       .meaning = "packets between load and target are dropped at random",
       .lasts = true,
       .parameters = {"loss", "direction"}},
      {.name = "reset",
       .meaning = "packets between load and target are answered with a reset",
       .lasts = true,
       .parameters = {"direction"}},
      {.name = "destroy", .meaning = "the kernel ends connections (SOCK_DESTROY)", .partial = true},
      {.name = "link",
       .meaning = "the link between load and target is slow or bad",
       .lasts = true,
       .parameters = {"delay", "jitter", "distribution", "loss", "burst_enter", "burst_leave",
                      "duplicate", "reorder", "reorder_by", "rate", "direction"}},
      {.name = "proxy",
       .meaning = "a proxy before the target spoils bytes or messages",
       .lasts = true,
       .parameters = {"type", "stream", "toxicity", "latency", "jitter", "rate", "delay", "timeout",
                      "bytes", "average_size", "size_variation", "nth", "share", "status",
                      "retry_after", "ms", "openings"}},
      {.name = "registry_partition",
       .meaning = "the target cannot reach its sessions",
       .lasts = true,
       .parameters = {"shards"}},
      {.name = "slow_handler",
       .meaning = "the target's calls take longer",
       .lasts = true,
       .parameters = {"delay", "tool"}},
      {.name = "resources",
       .meaning = "the target is short of processor, memory, tasks or files",
       .lasts = true,
       .parameters = {"cpu", "memory", "tasks", "files"}},
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
