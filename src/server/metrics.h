// The Prometheus text of a whole server, whichever of its workers is asked (text format 0.0.4).
// Control plane: reads every worker's counters and the memory of all its processes.
#pragma once

#include <cstddef>
#include <string>

#include "server/bad.h"
#include "server/board.h"

namespace gauntlet::server {

struct ServerNow {
  const Board& board;
  std::size_t sessions = 0;
  BadKind bad = BadKind::none;
};

std::string prometheus_text(const ServerNow& server);

}  // namespace gauntlet::server
