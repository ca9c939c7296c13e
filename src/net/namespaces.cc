#include "net/namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace gauntlet::net {
namespace {

// CLONE_PARENT makes the child a child of who forked us.
pid_t fork_sibling() {
  return static_cast<pid_t>(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
}

bool enter(int fd, int kind) { return (fd < 0 ? unshare(kind) : setns(fd, kind)) == 0; }

bool go_inside(const Namespaces& inside) {
  return enter(inside.pid_fd, CLONE_NEWPID) && enter(inside.mount_fd, CLONE_NEWNS) &&
         enter(inside.network_fd, CLONE_NEWNET) && chdir(inside.directory.c_str()) == 0;
}

}  // namespace

// A pid namespace is entered by those forked after setns(), and a process that has done so can
// start no more threads: so a process in between does it, and ends.
pid_t fork_inside(const Namespaces& inside) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return -1;
  const pid_t between = fork();
  if (between == 0) {
    pid_t child = go_inside(inside) ? fork_sibling() : -1;
    if (child == 0) {
      close(ends[0]);
      close(ends[1]);
      return 0;
    }
    if (child < 0) child = -errno;
    (void)!write(ends[1], &child, sizeof child);
    _exit(0);
  }
  close(ends[1]);
  pid_t child = -EAGAIN;
  if (between > 0) {
    (void)!read(ends[0], &child, sizeof child);
    while (waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  close(ends[0]);
  if (child > 0) return child;
  errno = -child;
  return -1;
}

void close_all_but(int kept) {
  const auto fd = static_cast<unsigned>(kept);
  if (kept > 3) close_range(3, fd - 1, 0);
  close_range(kept >= 3 ? fd + 1 : 3, ~0U, 0);
}

}  // namespace gauntlet::net
