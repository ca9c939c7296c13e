#include "net/uring_buffers.h"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>

#include "net/loop.h"

namespace gauntlet::net {
namespace {

// A burst of messages has to fit into one buffer: cut in two it costs a third more. The kernel goes
// through all of them in turn; what a burst does not fill is never touched.
constexpr std::uint32_t kBuffers = 512;  // a power of two
constexpr std::size_t kBufferBytes = 16 * 1024;
constexpr std::size_t kStride = kBufferBytes + kReadPadding;

}  // namespace

UringBuffers::UringBuffers(io_uring& ring)
    : ring_memory_(map(kBuffers * sizeof(io_uring_buf))),
      memory_(map(kBuffers * kStride)),
      entries_(static_cast<io_uring_buf_ring*>(ring_memory_.get())) {
  io_uring_buf_reg reg{};
  reg.ring_addr = reinterpret_cast<std::uint64_t>(entries_);
  reg.ring_entries = kBuffers;
  reg.bgid = kGroup;
  if (const int error = io_uring_register_buf_ring(&ring, &reg, 0); error != 0)
    throw std::system_error(-error, std::generic_category(), "io_uring_register_buf_ring");
  io_uring_buf_ring_init(entries_);
  for (std::uint32_t i = 0; i < kBuffers; ++i) give_back(static_cast<std::uint16_t>(i));
  publish();
}

void UringBuffers::Unmap::operator()(void* memory) const { munmap(memory, size); }

UringBuffers::Mapping UringBuffers::map(std::size_t size) {
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return {memory, Unmap{size}};
}

char* UringBuffers::at(std::uint16_t buffer) const {
  return static_cast<char*>(memory_.get()) + buffer * kStride;
}

std::span<char> UringBuffers::bytes(std::uint16_t buffer, std::size_t size) {
  return {at(buffer), size};
}

void UringBuffers::give_back(std::uint16_t buffer) {
  io_uring_buf_ring_add(entries_, at(buffer), kBufferBytes, buffer,
                        io_uring_buf_ring_mask(kBuffers), given_back_++);
}

void UringBuffers::publish() {
  io_uring_buf_ring_advance(entries_, given_back_);
  given_back_ = 0;
}

}  // namespace gauntlet::net
