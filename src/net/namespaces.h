// Namespaces: where in the kernel a process is started, when that is not where we are: a pid, a
// mount and a network namespace, as open descriptors that outlive their use.
//
// fork_inside() is fork() into them. The child is ours to wait for like any other, with the pid by
// which we see it; to itself it may be another, and its parent is 0. Its directory is that of its
// mount namespace's path `directory`. What it runs before exec must be async-signal-safe if we have
// threads. Source: setns(2), clone(2) (CLONE_PARENT), pid_namespaces(7).
#pragma once

#include <sys/types.h>

#include <string>

namespace gauntlet::net {

struct Namespaces {  // -1: a new one
  int pid_fd = -1;
  int mount_fd = -1;
  int network_fd = -1;
  std::string directory = "/";
};

// As fork(2): the child's pid, 0 in the child, -1 with errno. Needs CAP_SYS_ADMIN over them.
pid_t fork_inside(const Namespaces& inside);

// What a forked process that never executes anything closes at once, so that nobody's sockets and
// pipes live longer for it: every descriptor from 3 on but `kept`.
void close_all_but(int kept);

}  // namespace gauntlet::net
