// step_through: runs something in a process of its own, one instruction at a time, and looks after
// each at what it has left in shared memory: what a SIGKILL there would leave.
#pragma once

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <functional>

namespace gauntlet::server {

// The number of instructions; 0 where this system lets nobody trace.
inline std::size_t step_through(const std::function<void()>& act,
                                const std::function<void()>& look) {
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
    raise(SIGSTOP);
    act();
    _exit(0);
  }
  std::size_t steps = 0;
  int status = 0;
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    look();
    ++steps;
    if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0) kill(child, SIGKILL);
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? steps : 0;
}

}  // namespace gauntlet::server
