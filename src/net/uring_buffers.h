// UringBuffers: what an io_uring receives into: buffers of one size that all streams share. The
// kernel takes one when bytes have come, so an idle stream holds none.
//
// kReadPadding readable bytes follow each. Belongs to the loop's thread.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace gauntlet::net {

class UringBuffers {
 public:
  // Throws std::system_error where the kernel refuses.
  explicit UringBuffers(io_uring& ring);
  UringBuffers(const UringBuffers&) = delete;
  UringBuffers& operator=(const UringBuffers&) = delete;

  static constexpr std::uint16_t kGroup = 0;

  // The first `size` bytes of a buffer that the kernel has filled.
  std::span<char> bytes(std::uint16_t buffer, std::size_t size);
  // The kernel may fill it again, once publish() was called.
  void give_back(std::uint16_t buffer);
  void publish();

 private:
  struct Unmap {
    std::size_t size;
    void operator()(void* memory) const;
  };
  using Mapping = std::unique_ptr<void, Unmap>;

  static Mapping map(std::size_t size);
  char* at(std::uint16_t buffer) const;

  Mapping ring_memory_;
  Mapping memory_;
  io_uring_buf_ring* entries_;
  int given_back_ = 0;  // since publish()
};

}  // namespace gauntlet::net
