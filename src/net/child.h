// Child: one process that we start, watch through a pidfd, and never leave behind, unless we say
// so. Its stdin and stdout may be one end of a socket pair, so that a stdio MCP server is a stream
// like any other; or its stdout may be read line by line. stderr goes to a file or stays ours. The
// kernel ends the child with SIGTERM if our thread that started it ends first (PR_SET_PDEATHSIG):
// start children from the main thread. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/fd.h"
#include "core/result.h"
#include "net/namespaces.h"

namespace gauntlet::net {

struct ChildOptions {
  bool stdio_socket = false;           // stdin and stdout are one socket: take_stdio()
  bool stdout_pipe = false;            // stdout is a pipe: read_line()
  bool stdout_to_stderr = false;       // what it prints goes where our stderr does
  bool quiet_stderr = false;           // stderr goes to /dev/null
  bool outlives_us = false;            // a session of its own; the kernel does not end it with us
  const char* stderr_file = nullptr;   // stderr is added to it
  const Namespaces* inside = nullptr;  // not where we are, but in there; only looked at by start()
};

class Child {
 public:
  // argv[0] is looked up in PATH. Fails with `usage` where it cannot be executed.
  static core::Result<Child> start(const std::vector<std::string>& argv, ChildOptions options);

  // One that an earlier process of ours has left: it is watched and stopped like any other, but how
  // it ended nobody tells us.
  static Child adopt(pid_t pid);

  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();  // SIGTERM, a short grace, SIGKILL, wait

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }

  core::Fd take_stdio() { return std::move(socket_); }

  // The next line of its stdout without the newline; an Error at its end or at the deadline.
  core::Result<std::string> read_line(core::Nanos deadline);

  // How it ended, if it has: "exited with status 1", "killed by signal 9".
  std::optional<std::string> poll_exit();

  void signal(int number);
  // It goes on without us.
  void leave() { pid_ = -1; }
  // Asks with SIGTERM, waits for `grace`, then kills; returns how it ended.
  std::string stop(core::Nanos grace);

 private:
  Child() = default;

  bool wait_for(core::Nanos deadline);

  pid_t pid_ = -1;
  bool adopted_ = false;
  core::Fd pidfd_;
  core::Fd socket_;
  core::Fd stdout_;
  std::string pending_;  // read from stdout, not yet a line
  std::optional<std::string> exit_;
};

}  // namespace gauntlet::net
