// Readings from /proc: memory and time of processes, who listens where, what machine this is.
// Every call reads afresh; a process that is gone simply counts nothing. Control plane only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"

namespace gauntlet::core {

// The processes and all their descendants.
std::vector<pid_t> process_tree(std::span<const pid_t> roots);

// When it began, in clock ticks since boot: with its number, this process and no later one. nullopt
// where it is not there, or has ended and only waits to be asked how.
std::optional<std::uint64_t> process_start(pid_t pid);

// VmRSS of the processes together, in bytes; nullopt where none of them is there.
std::optional<std::uint64_t> resident_bytes(std::span<const pid_t> pids);

// Memory of the processes together where what several of them share counts once (PSS); nullopt
// where the kernel tells it of none of them. Walks their page tables: some ms for 100 MB.
std::optional<std::uint64_t> proportional_bytes(std::span<const pid_t> pids);

// What the processes hold together: descriptors that are open, and threads.
struct ProcessHoldings {
  std::uint64_t descriptors = 0;  // of those processes that we may look into
  std::uint64_t threads = 0;
};
ProcessHoldings process_holdings(std::span<const pid_t> pids);

// Of all threads that the processes have now: a thread that ends takes its share with it, so the
// sum may fall from one reading to the next.
struct ProcessTime {
  Nanos cpu = 0;
  Nanos run_queue_delay = 0;  // ready to run, and waiting for a core
};
ProcessTime process_time(std::span<const pid_t> pids);

// The threads of this process now, the main thread first.
struct ThreadTime {
  pid_t id = 0;
  std::string name;
  Nanos cpu = 0;
  Nanos run_queue_delay = 0;
};
std::vector<ThreadTime> own_threads();

// The process that listens on this TCP port of this machine (IPv4 or IPv6), where we may see it; of
// several that inherited the socket, the one they have it from.
std::optional<pid_t> tcp_listener(std::uint16_t port);

struct Machine {
  std::string cpu_model;
  std::uint32_t cores = 0;
  std::string kernel;
  std::uint64_t memory_bytes = 0;
};
Machine this_machine();

// Clock ticks of all processors since boot: in total, idle (waiting for a disk too), and stolen by
// the hypervisor. Idle time is measured; the rest most kernels only sample at each clock interrupt,
// and miss programs that a timer wakes for less than a tick.
struct CpuTicks {
  std::uint64_t total = 0;
  std::uint64_t idle = 0;
  std::uint64_t steal = 0;
};
CpuTicks cpu_ticks();
double ticks_per_second();
unsigned online_cores();

}  // namespace gauntlet::core
