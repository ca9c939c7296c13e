// GroupFault and FilesFault: resources taken away from processes.
//
// GroupFault moves them into a control group of their own that may use only so much CPU, memory or
// so many tasks. Version 1 or 2, whichever has the controller here; needs the right to make a group
// beside theirs (root, or a delegated tree). Evidence: the kernel's counts of having said no:
// nr_throttled; failcnt and oom_kill; the event `max` of pids.
// FilesFault lowers the soft limit of open files of processes of the same user; what they have open
// stays open. Evidence: the lowest free descriptor is beyond the limit, so that the kernel must
// answer the next open with EMFILE.
// Both are undone by the warden where we cannot. Source: cgroups(7), prlimit(2).
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "chaos/noted_fault.h"
#include "chaos/process.h"

namespace gauntlet::chaos {

enum class Resource : std::uint8_t { cpu, memory, tasks };

struct GroupLimit {
  Resource resource = Resource::cpu;
  double amount = 0;  // cores, bytes, tasks
};

class GroupFault final : public NotedFault {
 public:
  GroupFault(Warden& warden, ProcessTarget target, GroupLimit limit)
      : NotedFault(warden), target_(std::move(target)), limit_(limit) {}
  ~GroupFault() override { std::ignore = stop(); }

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> stop() override;
  core::Result<void> verify_clean() override;

 private:
  core::Result<void> find_groups();

  ProcessTarget target_;
  GroupLimit limit_;
  core::Nanos ttl_ = 0;
  std::vector<Identity> victims_;
  int version_ = 0;
  std::string origin_, group_;  // folders
  Evidence last_;
};

class FilesFault final : public NotedFault {
 public:
  FilesFault(Warden& warden, ProcessTarget target, std::uint64_t limit)
      : NotedFault(warden), target_(std::move(target)), limit_(limit) {}

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> verify_clean() override;

 private:
  ProcessTarget target_;
  std::uint64_t limit_;
  core::Nanos ttl_ = 0;
  std::vector<Identity> victims_;
  std::vector<std::uint64_t> before_;
  std::size_t seen_exhausted_ = 0;
};

}  // namespace gauntlet::chaos
