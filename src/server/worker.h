// Worker: one server on one loop and one thread: its listeners, connections, timers.
//
//   Worker worker(config, net::make_loop(), shared);
//   if (auto started = worker.start(); !started) …   // all listeners are open, or none
//   worker.run();                                     // until stop(), and what was in flight
//
// Keeps nothing that outlives it: a supervisor runs several, each in a process of its own.
// Belongs to the thread that calls run(); stop() is called on it too, from within the loop.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/fd.h"
#include "core/result.h"
#include "net/loop.h"
#include "server/board.h"
#include "server/config.h"
#include "server/dealer.h"
#include "server/failpoint_control.h"
#include "server/http_transport.h"
#include "server/line_transport.h"
#include "server/listeners.h"
#include "server/service.h"
#include "server/shared.h"
#include "server/timers.h"
#include "server/web_socket_transport.h"

namespace gauntlet::server {

class Worker final : net::AcceptHandler {
 public:
  // `shared` outlives it. A worker without a board gets one of its own.
  Worker(Config config, std::unique_ptr<net::Loop> loop, Shared& shared);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Listens where the configuration says, or on sockets that were opened before.
  core::Result<void> start();
  void start(Listeners listeners);
  void run();

  // Serves a connection that did not come by a listener, as a stream of lines.
  void serve_lines(core::Fd socket) { lines_.add(std::move(socket), true); }

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
  // What there is to know of a connection; known still when the listeners are closed.
  struct Origin {
    Speaks speaks;
    bool loopback;
  };

  void on_accepted(core::Fd socket, std::uint64_t tag) override;
  void serve(core::Fd socket, std::uint64_t tag);
  void close_listeners();
  void sweep(core::Nanos now_ns);
  void observe_process(core::Nanos now_ns);
  bool finished(core::Nanos now_ns) const;
  std::array<Transport*, 3> transports() { return {&http_, &lines_, &web_sockets_}; }
  std::size_t connection_count() const {
    return http_.peer_count() + lines_.peer_count() + web_sockets_.peer_count();
  }
  std::size_t refused_count() const { return http_.refused_count() + lines_.refused_count(); }
  void accept_waiting();
  void look_after_others(core::Nanos now_ns);
  void stand_in(std::size_t other, bool begin);
  std::string metrics_text();
  void publish();
  int socket_of(const Listener& listener) const {
    return listener.socket_of(board_.worker_of(seat_));
  }

  Config config_;
  std::unique_ptr<net::Loop> loop_;
  const net::TlsContext* tls_;  // of the HTTP listeners; null: plain
  std::optional<Board> own_board_;
  Board& board_;
  std::size_t seat_;
  std::vector<bool> stands_in_;  // by worker: we accept what waits for it
  Timers timers_;
  Service service_;
  HttpTransport http_;
  LineTransport lines_;
  WebSocketTransport web_sockets_;
  Listeners listeners_;
  std::vector<Origin> origins_;   // by listener
  std::optional<Dealer> dealer_;  // where there are other workers
  std::optional<FailpointControl> failpoint_control_;
  std::vector<net::Endpoint> http_endpoints_;
  std::vector<net::Endpoint> line_endpoints_;
  std::uint64_t bad_answers_before_ = 0;     // of earlier workers in this seat
  std::uint64_t letters_lost_before_ = 0;    // likewise
  std::uint64_t breaker_opened_before_ = 0;  // likewise
  core::Nanos next_sweep_ns_ = 0;
  core::Nanos observed_ns_ = 0;      // this thread, and
  core::Nanos observed_cpu_ns_ = 0;  // its CPU time by then
  core::Nanos stop_by_ns_ = Timers::kNever;
  bool abandoned_ = false;
};

}  // namespace gauntlet::server
