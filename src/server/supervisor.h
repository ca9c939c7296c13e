// Supervisor: the process that starts the workers of a server, starts a new one for each that ends
// unasked, and stops them all together. It does nothing else, so that nothing else can end it.
//
// Workers are forked without exec, and this process has one thread: what was opened before run()
// (sockets, shared memory, secrets) is theirs too, and goes with the last of them.
//
//   SIGTERM, SIGINT   each worker gets SIGTERM and ends its calls; a second one ends them at once
//   SIGHUP            orders.reload, then for each worker a new one, and once that is up, SIGTERM
//                     to the old one
//   too many deaths   within RestartLimit::window: says why on stderr, and stops
//   not wanted        orders.wanted says so: says so too, and stops
//
// A worker gets SIGTERM from the kernel when its supervisor dies. Deaths count whoever caused them:
// a crash, the kernel's out-of-memory killer, or somebody's SIGKILL look the same from here.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "net/signals.h"
#include "server/board.h"
#include "server/config.h"

namespace gauntlet::server {

inline constexpr int kExitEscalated = 5;  // the restart limit was exceeded
inline constexpr core::Nanos kNobodyComes = INT64_MAX;
inline constexpr int kExitInterrupted = 130;  // a second signal cut the graceful stop short

struct Orders {
  // A worker, in a process of its own, from beginning to end; returns its exit status. SIGTERM is
  // blocked there, and so are SIGINT, SIGHUP and SIGCHLD, which are the supervisor's.
  std::function<int(std::size_t seat)> work;
  // Reads again what workers inherit. Where it fails, the old workers stay.
  std::function<core::Result<void>()> reload = [] { return core::Result<void>(); };
  // No new connections from now on, and no socket left behind. The supervisor's last act, or that
  // of a worker that finds it dead before it began.
  std::function<void()> stop = [] {};
  // Asked once a second, where it is there: false stops the server as SIGTERM does.
  std::function<bool()> wanted = {};
  RestartLimit restart_limit = {};
  core::Nanos restart_after_ns = 0;  // from a death to the successor's start; kNobodyComes: none
  bool blind = false;                // it neither counts deaths nor says that there was one
  core::Nanos stop_ns = 5 * core::kSecond;  // then what is left is killed
};

class Supervisor {
 public:
  Supervisor(Board& board, Orders orders);

  // Until every worker has ended; the exit code of the program. Blocks the signals named above in
  // the calling thread.
  core::Result<int> run();

 private:
  struct Worker {
    pid_t pid = 0;  // 0: none
    bool leaving = false;
    core::Nanos kill_at = 0;
  };
  struct Waiting {
    std::size_t seat = 0;
    core::Nanos start_at = 0;
  };

  void start(std::size_t seat);
  [[noreturn]] void become_worker(std::size_t seat, pid_t supervisor);
  void start_waiting(core::Nanos now_ns);
  void wait_for_signal();
  void on_signal(int number);
  void reap();
  void on_death(std::size_t seat, int status);
  bool too_many_deaths(core::Nanos now_ns);
  void escalate(std::size_t seat, int status);
  void reload();
  void retire_replaced();
  void retire(std::size_t seat);
  void begin_stop(int exit_code);
  void abandon();
  void kill_late(core::Nanos now_ns);
  void ask_if_wanted(core::Nanos now_ns);
  bool any_left() const;
  core::Nanos next_look() const;

  Board& board_;
  Orders orders_;
  std::optional<net::Signals> signals_;
  std::vector<Worker> workers_;        // by seat
  std::vector<std::size_t> replaced_;  // seats to retire once their other seat is up
  std::vector<Waiting> unstarted_;     // seats without a process, which are to have one
  std::deque<core::Nanos> deaths_;     // within the window
  core::Nanos ask_at_ = 0;             // whether it is wanted
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace gauntlet::server
