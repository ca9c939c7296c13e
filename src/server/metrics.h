// The Prometheus text of a whole server, whichever of its workers is asked (text format 0.0.4).
// Control plane: reads every worker's counters and the memory of all its processes.
#pragma once

#include <string>

#include "server/bad.h"
#include "server/board.h"
#include "server/failpoints.h"
#include "server/job_table.h"
#include "server/registry.h"

namespace gauntlet::server {

struct ServerNow {
  const Board& board;
  const Registry& registry;
  const Failpoints* failpoints = nullptr;  // null: there are none
  const JobTable* jobs = nullptr;          // likewise
  BadKind bad = BadKind::none;
  std::string_view loop_backend = "epoll";
};

std::string prometheus_text(const ServerNow& server);

}  // namespace gauntlet::server
