// serve: `gauntlet serve` without its command line: a supervisor and its workers.
#pragma once

#include <optional>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "server/config.h"

namespace gauntlet::server {

// The server is there for whoever holds a lock on this file (core/lease.h): once nobody has for
// that long, it stops as after SIGTERM.
struct LeaseTerms {
  std::string file;
  core::Nanos patience = 600 * core::kSecond;
};

// Reads the files of config.tls and config.auth,
// listens, prints one line a listener to stdout ("gauntlet serve: listening on http://…/mcp",
// "… on tcp://…", "… on unix:/…") and, for HTTP, one to paste into a client's configuration; then
// starts the workers and watches over them (supervisor.h says what the signals do). Returns the
// exit code: 0; 5 when workers died too often; 130 when a second signal cut the graceful stop
// short. Call it before starting threads.
core::Result<int> serve(const Config& config, const std::optional<LeaseTerms>& lease = {});

}  // namespace gauntlet::server
