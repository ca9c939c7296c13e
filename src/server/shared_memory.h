// SharedMemory: an anonymous mapping that a process shares with those it forks. RobustMutex: a lock
// that lies in such memory and outlives an owner that is killed. RobustLock: holds one for a scope.
//
// Zero at first, taken from the kernel page by page as it is touched, without a name in any file
// system, and gone with the last process that has it.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <optional>

#include "core/clock.h"

namespace gauntlet::server {

class SharedMemory {
 public:
  // Throws std::bad_alloc where the kernel refuses: start-up only.
  explicit SharedMemory(std::size_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  std::byte* data() const { return data_; }

 private:
  std::byte* data_;
  std::size_t bytes_;
};

// pthread_mutexattr_setrobust(3). Made in place by one process before the others are forked, and
// never unmade.
class RobustMutex {
 public:
  struct Taken {
    bool ownerless = false;  // its last owner died with it: repair what it guards, then repaired()
    bool contended = false;  // somebody else had it at the first try
    core::Nanos waited_ns = 0;
  };

  RobustMutex();
  RobustMutex(const RobustMutex&) = delete;
  RobustMutex& operator=(const RobustMutex&) = delete;

  Taken lock();
  std::optional<Taken> try_lock();  // nothing where somebody else has it
  // Not called in time, because the one that repairs was killed too: the next one is told again.
  void repaired();
  void unlock();

 private:
  pthread_mutex_t mutex_;
};

class RobustLock {
 public:
  // Where the last owner died with the lock in hand, `repair` mends what it guards first.
  template <typename Repair>
  RobustLock(RobustMutex& mutex, Repair&& repair) : mutex_(mutex), taken_(mutex.lock()) {
    if (!taken_.ownerless) return;
    repair();
    mutex_.repaired();
  }
  ~RobustLock() { mutex_.unlock(); }
  RobustLock(const RobustLock&) = delete;
  RobustLock& operator=(const RobustLock&) = delete;

  const RobustMutex::Taken& taken() const { return taken_; }

 private:
  RobustMutex& mutex_;
  RobustMutex::Taken taken_;
};

// Keeps the compiler from moving a write over this line. That is all it takes against SIGKILL: a
// killed process has done exactly the instructions before some point, and what they wrote is seen
// by whoever gets its lock from the kernel.
void keep_order();

}  // namespace gauntlet::server
