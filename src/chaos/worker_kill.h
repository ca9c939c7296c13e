// WorkerKill: SIGKILL to one worker process of a supervised server, by pidfd, so that it can hit
// nobody else. The supervisor is expected to start a successor; whether and how fast it does is
// what such a fault is for.
//
// The effect is shown by the kernel: the worker's pidfd says that it has ended. A successor among
// the supervisor's children and the server's own count of deaths are facts beside it, and their
// absence is the server's failure, not the fault's.
// Main thread; a scrape of the server's metrics waits for at most a moment.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "chaos/fault.h"
#include "core/fd.h"
#include "core/random.h"
#include "net/endpoint.h"

namespace gauntlet::chaos {

class WorkerKill final : public Fault {
 public:
  // `http`: where the server tells its metrics, if it does.
  WorkerKill(pid_t supervisor, std::optional<net::Endpoint> http, core::Random random)
      : supervisor_(supervisor), http_(http), random_(random) {}

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> stop() override;
  core::Result<void> verify_clean() override;

  // When the kernel said that the worker had ended, and when a successor was first seen.
  std::optional<core::Nanos> ended_at() const { return ended_at_; }
  std::optional<core::Nanos> succeeded_at() const { return succeeded_at_; }

 private:
  void look();

  pid_t supervisor_;
  std::optional<net::Endpoint> http_;
  core::Random random_;
  std::vector<pid_t> before_;  // the workers
  pid_t victim_ = 0;
  core::Fd pidfd_;
  pid_t successor_ = 0;
  std::optional<double> deaths_before_, deaths_after_;
  std::optional<core::Nanos> started_at_, ended_at_, succeeded_at_;
};

}  // namespace gauntlet::chaos
