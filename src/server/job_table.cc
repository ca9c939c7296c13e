#include "server/job_table.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>

namespace gauntlet::server {
namespace {

constexpr std::size_t kPageBytes = 4096;

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool is_dead(pid_t pid) { return kill(pid, 0) != 0 && errno == ESRCH; }

}  // namespace

struct JobTable::Shared {
  RobustMutex mutex;
  std::atomic<std::size_t> count = 0;
  std::uint64_t opened = 0;
  std::size_t touched = 0;  // slots that ever were full are the first of all
};

// `full` is set last and cleared first, so that a slot is seen whole or not at all; `changing`
// marks one that its writer may have left half-written.
struct JobTable::Slot {
  JobHead head;
  std::size_t body_size;
  std::uint8_t full;
  std::uint8_t changing;
};

JobTable::JobTable(std::size_t jobs_max, std::size_t body_bytes_max)
    : jobs_max_(jobs_max),
      body_stride_(whole_pages(body_bytes_max)),
      bodies_at_(whole_pages(sizeof(Shared) + jobs_max * sizeof(Slot))),
      memory_(bodies_at_ + jobs_max * body_stride_),
      shared_(*new(memory_.data()) Shared) {}

JobTable::~JobTable() = default;

RobustLock JobTable::locked() {
  return {shared_.mutex, [this] { repair(); }};
}

JobTable::Slot& JobTable::slot(std::size_t index) const {
  return reinterpret_cast<Slot*>(memory_.data() + sizeof(Shared))[index];
}

std::byte* JobTable::body(std::size_t index) const {
  return memory_.data() + bodies_at_ + index * body_stride_;
}

std::size_t JobTable::count() const { return shared_.count.load(std::memory_order_relaxed); }

std::optional<std::size_t> JobTable::index_of(const JobId& id, core::Nanos now_ns) const {
  for (std::size_t i = 0; i < shared_.touched && count() > 0; ++i)
    if (slot(i).full != 0 && slot(i).head.id == id && slot(i).head.ends_ns > now_ns) return i;
  return std::nullopt;
}

std::optional<std::size_t> JobTable::free_slot(const JobOwner& owner, std::size_t share_max) const {
  std::optional<std::size_t> free;
  std::size_t share = 0;
  for (std::size_t i = 0; i < jobs_max_; ++i) {
    if (slot(i).full == 0)
      free = free.value_or(i);
    else if (slot(i).head.owner == owner)
      ++share;
  }
  return share < share_max ? free : std::nullopt;
}

Job JobTable::read(std::size_t index) const {
  const Slot& from = slot(index);
  Job job{from.head, {}};
  job.body.assign(reinterpret_cast<const char*>(body(index)), from.body_size);
  return job;
}

void JobTable::write(std::size_t index, const Job& job) {
  Slot& to = slot(index);
  to.changing = 1;
  keep_order();
  to.head = job;
  to.head.updated_ms = wall_clock_ms();
  std::memcpy(body(index), job.body.data(), job.body.size());
  to.body_size = job.body.size();
  keep_order();
  to.changing = 0;
}

void JobTable::erase(std::size_t index) {
  slot(index).full = 0;
  keep_order();
  slot(index).changing = 0;
  shared_.count.fetch_sub(1, std::memory_order_relaxed);
  if (slot(index).body_size > 0) madvise(body(index), body_stride_, MADV_REMOVE);
}

// Who died left at most one slot half-written; the count may be off by it.
void JobTable::repair() {
  std::size_t full = 0;
  for (std::size_t i = 0; i < shared_.touched; ++i) {
    Slot& one = slot(i);
    if (one.full == 0) continue;
    ++full;
    if (one.changing == 0) continue;
    one.body_size = 0;
    Job job = read(i);
    fail(job, kWorkerEnded);
    write(i, job);
  }
  shared_.count.store(full, std::memory_order_relaxed);
}

std::optional<Job> JobTable::open(const JobOwner& owner, core::Nanos ttl_ns, std::size_t share_max,
                                  core::Nanos now_ns) {
  const RobustLock lock = locked();
  const auto index = free_slot(owner, share_max);
  if (!index) return std::nullopt;
  Job job;
  job.id = random_session_key();
  job.owner = owner;
  job.sequence = ++shared_.opened;
  job.pid = getpid();
  job.created_ms = wall_clock_ms();
  job.ttl_ms = ttl_ns / core::kMillisecond;
  job.ends_ns = now_ns + ttl_ns;
  write(*index, job);
  shared_.touched = std::max(shared_.touched, *index + 1);
  keep_order();
  slot(*index).full = 1;
  shared_.count.fetch_add(1, std::memory_order_relaxed);
  return read(*index);
}

std::optional<Job> JobTable::find(const JobId& id, core::Nanos now_ns) {
  const RobustLock lock = locked();
  const auto index = index_of(id, now_ns);
  return index ? std::optional(read(*index)) : std::nullopt;
}

std::optional<Job> JobTable::find(const JobId& id, const JobOwner& owner, core::Nanos now_ns) {
  auto job = find(id, now_ns);
  return job && job->owner == owner ? std::move(job) : std::nullopt;
}

std::optional<Job> JobTable::change(const JobId& id, core::Nanos now_ns,
                                    const std::function<bool(Job&)>& change) {
  const RobustLock lock = locked();
  const auto index = index_of(id, now_ns);
  if (!index) return std::nullopt;
  Job job = read(*index);
  if (!change(job)) return std::nullopt;
  if (job.body.size() > body_stride_) fail(job, "what this task came to is too large to keep");
  write(*index, job);
  return read(*index);
}

std::vector<JobHead> JobTable::list(const JobOwner& owner, std::uint64_t after, std::size_t count,
                                    core::Nanos now_ns) {
  std::vector<JobHead> found;
  {
    const RobustLock lock = locked();
    for (std::size_t i = 0; i < shared_.touched; ++i) {
      const JobHead& head = slot(i).head;
      if (slot(i).full != 0 && head.owner == owner && head.sequence > after &&
          head.ends_ns > now_ns)
        found.push_back(head);
    }
  }
  std::ranges::sort(found, {}, &JobHead::sequence);
  if (found.size() > count) found.resize(count);
  return found;
}

std::vector<JobHead> JobTable::sweep(core::Nanos now_ns) {
  std::vector<JobHead> changed;
  if (count() == 0) return changed;
  const RobustLock lock = locked();
  for (std::size_t i = 0; i < shared_.touched; ++i) {
    const JobHead& head = slot(i).head;
    if (slot(i).full == 0) continue;
    if (head.ends_ns <= now_ns) {
      changed.push_back(head);
      erase(i);
    } else if (!head.is_over() && is_dead(head.pid)) {
      Job job = read(i);
      fail(job, kWorkerEnded);
      write(i, job);
      changed.push_back(head);
    }
  }
  return changed;
}

void JobTable::forget(const SessionKey& session) {
  if (count() == 0) return;
  const RobustLock lock = locked();
  for (std::size_t i = 0; i < shared_.touched; ++i)
    if (slot(i).full != 0 && slot(i).head.owner.session == session) erase(i);
}

}  // namespace gauntlet::server
