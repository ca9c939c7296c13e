// PacketPort: one port's packets, as frames with a virtio header before them (packet(7),
// PACKET_VNET_HDR): reads what arrives at the port in batches, sends what is to leave by it.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chaos/netlink.h"
#include "core/fd.h"
#include "core/result.h"

namespace gauntlet::chaos {

inline constexpr std::size_t kFrameBytesMax = 66 * 1024;  // header, and the largest IPv4 packet
inline constexpr std::size_t kFramesPerRead = 32;
inline constexpr std::size_t kVirtioBytes =
    10;  // sizeof(virtio_net_hdr), whose header C++ cannot read
inline constexpr std::size_t kEthernetBytes = 14;

class PacketPort {
 public:
  // IPv4 packets of that port, in this network namespace.
  static core::Result<PacketPort> open(const Port& port);

  int fd() const { return fd_.get(); }
  // What has arrived, without waiting; valid until the next call.
  std::span<const std::span<char>> receive();
  // Leaves by this port; false where the kernel refuses.
  bool send(std::span<const char> frame);
  // Since the last call: what arrived and was thrown away because nobody had read it.
  std::uint64_t missed();

 private:
  PacketPort() = default;

  core::Fd fd_;
  std::vector<char> buffer_;
  std::array<mmsghdr, kFramesPerRead> messages_{};
  std::array<iovec, kFramesPerRead> places_{};
  std::array<std::span<char>, kFramesPerRead> frames_;
};

}  // namespace gauntlet::chaos
