// Worker: one server on one loop and one thread: its listeners, connections, timers.
//
//   Worker worker(config, net::make_loop(), shared);
//   if (auto started = worker.start(); !started) …   // all listeners are open, or none
//   worker.run();                                     // until stop(), and what was in flight
//
// Keeps nothing that outlives it: a supervisor may run several, each with listeners of its own.
// Belongs to the thread that calls run(); stop() is called on it too, from within the loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/fd.h"
#include "core/result.h"
#include "net/loop.h"
#include "server/config.h"
#include "server/http_transport.h"
#include "server/line_transport.h"
#include "server/service.h"
#include "server/shared.h"
#include "server/timers.h"

namespace gauntlet::server {

class Worker final : net::AcceptHandler {
 public:
  // `shared` outlives it.
  Worker(Config config, std::unique_ptr<net::Loop> loop, Shared& shared);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  core::Result<void> start();
  void run();

  // Graceful: no new connections; each open one is closed once it has its answers, at the latest
  // after Limits::stop_ns.
  void stop();
  // At once: run() returns at the end of this turn.
  void abandon();

  // Where it listens, once started: ports are filled in.
  const std::vector<net::Endpoint>& http_endpoints() const { return http_endpoints_; }
  const std::vector<net::Endpoint>& line_endpoints() const { return line_endpoints_; }

  net::Loop& loop() { return *loop_; }

 private:
  struct Listener {
    core::Fd fd;
    net::Endpoint where;
    Transport* transport;
  };

  void on_accepted(core::Fd socket, std::uint64_t tag) override;
  core::Result<void> listen(const net::Endpoint& where, Transport& transport,
                            std::vector<net::Endpoint>& endpoints);
  void close_listeners();
  void sweep(core::Nanos now_ns);
  bool finished(core::Nanos now_ns) const;
  std::size_t connection_count() const { return http_.peer_count() + lines_.peer_count(); }
  std::string metrics_text() const;

  Config config_;
  std::unique_ptr<net::Loop> loop_;
  const net::TlsContext* tls_;  // of the HTTP listeners; null: plain
  Timers timers_;
  Service service_;
  HttpTransport http_;
  LineTransport lines_;
  std::vector<Listener> listeners_;
  std::vector<net::Endpoint> http_endpoints_;
  std::vector<net::Endpoint> line_endpoints_;
  core::Nanos started_ns_ = 0;
  core::Nanos next_sweep_ns_ = 0;
  core::Nanos stop_by_ns_ = Timers::kNever;
  bool abandoned_ = false;
};

}  // namespace gauntlet::server
