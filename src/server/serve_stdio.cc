#include "server/serve_stdio.h"

#include <unistd.h>

#include <csignal>

#include "net/loop.h"
#include "net/signals.h"
#include "server/stdio_relay.h"
#include "server/worker.h"

namespace gauntlet::server {

core::Result<int> serve_stdio(Config config) {
  if (const pid_t parent = getppid(); config.parent_death_signal && !net::end_with_parent(parent))
    return 0;
  config.http.clear();
  config.lines.clear();
  auto signals = net::Signals::open({SIGTERM, SIGINT});
  if (!signals) return std::unexpected(signals.error());
  auto relay = StdioRelay::open(STDIN_FILENO, STDOUT_FILENO);
  if (!relay) return std::unexpected(relay.error());
  Registry registry(config.limits.sessions_max, config.limits.session_idle_ns);
  EventLog events(config.limits.events_bytes_per_shard);
  Mailbox mailbox;
  Contents contents;
  Shared shared{registry, events, &mailbox, random_state_key(), &contents};
  Worker worker(config, net::make_loop(config.io), shared);
  worker.loop().watch((*relay)->over_fd(), [&] { worker.stop(); });
  worker.loop().watch(signals->fd(), [&] {
    signals->take();
    worker.stop();
  });
  if (auto started = worker.start(); !started) return std::unexpected(started.error());
  worker.serve_lines((*relay)->take_socket());
  worker.run();
  worker.loop().unwatch((*relay)->over_fd());
  worker.loop().unwatch(signals->fd());
  return 0;
}

}  // namespace gauntlet::server
