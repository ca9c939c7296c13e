// Shared: what all workers of one server have in common. Whoever starts the workers owns it: made
// before the first of them, and given to each with its own mailbox.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/board.h"
#include "server/contents.h"
#include "server/event_log.h"
#include "server/failpoints.h"
#include "server/job_table.h"
#include "server/mailbox.h"
#include "server/passages.h"
#include "server/registry.h"

namespace gauntlet::server {

// Authenticates what the server lets clients keep for it (server/seal.h).
using StateKey = std::array<std::uint8_t, 32>;
StateKey random_state_key();  // getrandom()

struct Shared {
  Registry& registry;
  EventLog& events;
  Mailbox* mailbox;  // this worker's
  StateKey state_key{};
  Contents* contents = nullptr;
  Board* board = nullptr;  // null: this worker makes one of its own
  std::size_t seat = 0;    // this worker's, on the board
  Failpoints* failpoints = nullptr;
  JobTable* jobs = nullptr;            // null: this worker's service makes one of its own
  const Passages* passages = nullptr;  // between the seats; null: there is one worker
};

}  // namespace gauntlet::server
