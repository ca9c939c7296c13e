// CrashFault and PauseFault: SIGKILL and SIGSTOP, to exactly the processes that were there when the
// fault was armed (pidfds). Needs the right to signal them.
//
// A crash is over at once, and is undone by whoever restarts what crashed. Evidence: how the kernel
// says that a child of ours ended, that the others are gone, and who is new below `supervisor`.
// A pause is evidenced by state T of every victim, and is undone by SIGCONT, by the warden if need
// be. Source: pidfd_open(2), waitid(2), proc(5).
#pragma once

#include <string>
#include <vector>

#include "chaos/noted_fault.h"
#include "chaos/process.h"
#include "core/fd.h"

namespace gauntlet::chaos {

class CrashFault final : public Fault {
 public:
  // `supervisor`: below it a successor is looked for; 0: none is.
  CrashFault(ProcessTarget target, pid_t supervisor)
      : target_(std::move(target)), supervisor_(supervisor) {}

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> stop() override { return {}; }
  core::Result<void> verify_clean() override { return {}; }

 private:
  struct Victim {
    Identity process;
    core::Fd pidfd;
    bool killed = false;
  };

  ProcessTarget target_;
  pid_t supervisor_;
  std::vector<Victim> victims_;
  std::vector<pid_t> before_;  // below the supervisor
};

class PauseFault final : public NotedFault {
 public:
  PauseFault(Warden& warden, ProcessTarget target)
      : NotedFault(warden), target_(std::move(target)) {}

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> verify_clean() override;

 private:
  ProcessTarget target_;
  core::Nanos ttl_ = 0;
  std::vector<Identity> victims_;
  std::size_t seen_stopped_ = 0;  // at once
};

}  // namespace gauntlet::chaos
