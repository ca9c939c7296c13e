// serve_stdio: `gauntlet serve --stdio`: one conversation over standard input and output.
#pragma once

#include "core/result.h"
#include "server/config.h"

namespace gauntlet::server {

// Serves until the input ends and everything is answered, nobody reads the output, or SIGINT or
// SIGTERM. Nothing but messages goes to the output. In this process and on this thread: the client
// that started it is its supervisor, and a conversation does not outlive its pipes. Listens
// nowhere. Returns the exit code. Call it before starting threads.
core::Result<int> serve_stdio(Config config);

}  // namespace gauntlet::server
