#include "server/shared_memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <new>

#include "core/check.h"

namespace gauntlet::server {

SharedMemory::SharedMemory(std::size_t bytes) : bytes_(bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(memory);
}

SharedMemory::~SharedMemory() { munmap(data_, bytes_); }

RobustMutex::RobustMutex() {
  pthread_mutexattr_t attributes;
  GAUNTLET_CHECK(pthread_mutexattr_init(&attributes) == 0);
  GAUNTLET_CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
  GAUNTLET_CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
  GAUNTLET_CHECK(pthread_mutex_init(&mutex_, &attributes) == 0);
  pthread_mutexattr_destroy(&attributes);
}

RobustMutex::Taken RobustMutex::lock() {
  if (const auto taken = try_lock()) return *taken;
  const core::Nanos begin_ns = core::monotonic_ns();
  const int status = pthread_mutex_lock(&mutex_);
  GAUNTLET_CHECK(status == 0 || status == EOWNERDEAD);
  return {.ownerless = status == EOWNERDEAD,
          .contended = true,
          .waited_ns = core::monotonic_ns() - begin_ns};
}

std::optional<RobustMutex::Taken> RobustMutex::try_lock() {
  const int status = pthread_mutex_trylock(&mutex_);
  if (status == EBUSY) return std::nullopt;
  GAUNTLET_CHECK(status == 0 || status == EOWNERDEAD);
  return Taken{.ownerless = status == EOWNERDEAD};
}

void RobustMutex::repaired() { GAUNTLET_CHECK(pthread_mutex_consistent(&mutex_) == 0); }

void RobustMutex::unlock() { GAUNTLET_CHECK(pthread_mutex_unlock(&mutex_) == 0); }

void keep_order() { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace gauntlet::server
