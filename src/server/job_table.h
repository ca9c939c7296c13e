// JobTable: the jobs of all workers, in memory that they share and that outlives each of them: so
// any worker says how a job stands, cancels it and takes answers for it, and what a job came to is
// still there when its worker is not. A handler itself runs in one worker and ends with it; its job
// is then said to have failed.
//
// A fixed number of slots and a fixed number of bytes for the body of each, taken from the kernel
// as they are touched and given back when the job is forgotten. One robust mutex: jobs are few, and
// the critical sections short. A worker may be killed at any instruction: the next one to lock
// fails the job that was being changed, and goes on.
// Every member may be called by any thread of any process that inherited the mapping.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "server/job.h"
#include "server/shared_memory.h"

namespace gauntlet::server {

inline constexpr std::string_view kWorkerEnded = "the worker that ran this task has ended";

class JobTable {
 public:
  // Throws std::bad_alloc where the kernel refuses: start-up only.
  JobTable(std::size_t jobs_max, std::size_t body_bytes_max);
  ~JobTable();
  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;

  // A job of the calling process. Nothing where the table is full or its owner has `share_max`.
  std::optional<Job> open(const JobOwner& owner, core::Nanos ttl_ns, std::size_t share_max,
                          core::Nanos now_ns);
  // A copy; nothing where there is none or its time is over.
  std::optional<Job> find(const JobId& id, core::Nanos now_ns);
  // Nothing either where it is somebody else's.
  std::optional<Job> find(const JobId& id, const JobOwner& owner, core::Nanos now_ns);
  // Lets `change` work on a copy under the lock (short, no calls into the table), and keeps that
  // where it says true. What was kept: a job whose body has become too large has failed.
  std::optional<Job> change(const JobId& id, core::Nanos now_ns,
                            const std::function<bool(Job&)>& change);
  // Those of an owner that came after number `after`, in order, at most `count`.
  std::vector<JobHead> list(const JobOwner& owner, std::uint64_t after, std::size_t count,
                            core::Nanos now_ns);
  // Forgets those whose time is over, and fails those whose worker is dead. Returns either kind.
  // (A dead worker's process id that the kernel has given away again hides that until the job's
  // time is over.)
  std::vector<JobHead> sweep(core::Nanos now_ns);
  // Forgets the jobs of a session.
  void forget(const SessionKey& session);

  std::size_t count() const;

 private:
  struct Shared;  // in shared memory
  struct Slot;    // likewise

  RobustLock locked();
  Slot& slot(std::size_t index) const;
  std::byte* body(std::size_t index) const;
  std::optional<std::size_t> index_of(const JobId& id, core::Nanos now_ns) const;
  std::optional<std::size_t> free_slot(const JobOwner& owner, std::size_t share_max) const;
  Job read(std::size_t index) const;
  void write(std::size_t index, const Job& job);
  void erase(std::size_t index);
  void repair();

  std::size_t jobs_max_;
  std::size_t body_stride_;  // whole pages
  std::size_t bodies_at_;
  SharedMemory memory_;
  Shared& shared_;
};

}  // namespace gauntlet::server
