// serve: `gauntlet serve` without its command line.
#pragma once

#include "core/result.h"
#include "server/config.h"

namespace gauntlet::server {

// Reads the files of config.tls and config.auth,
// listens, prints one line a listener to stdout ("gauntlet serve: listening on http://…/mcp",
// "… on tcp://…", "… on unix:/…") and, for HTTP, one to paste into a client's configuration; then
// serves until SIGTERM or SIGINT, and returns the exit code: 0, or 130 when a second signal cut the
// graceful stop short. Blocks those two signals in the calling thread: call it before starting
// others.
core::Result<int> serve(const Config& config);

}  // namespace gauntlet::server
