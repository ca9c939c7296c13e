#include "chaos/packet_port.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#include <cerrno>

namespace gauntlet::chaos {
namespace {

constexpr int kReceiveBufferBytes = 32 * 1024 * 1024;

bool turn_on(int fd, int option) {
  const int on = 1;
  return setsockopt(fd, SOL_PACKET, option, &on, sizeof on) == 0;
}

// Beyond the system's limit, where the kernel lets us.
void widen(int fd) {
  const int bytes = kReceiveBufferBytes;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

}  // namespace

core::Result<PacketPort> PacketPort::open(const Port& port) {
  PacketPort opened;
  opened.fd_.reset(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = opened.fd_.get();
  if (fd < 0) return std::unexpected(core::errno_error("packet socket"));
  widen(fd);
  turn_on(fd, PACKET_QDISC_BYPASS);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IP);
  address.sll_ifindex = static_cast<int>(if_nametoindex(port.name.c_str()));
  if (!turn_on(fd, PACKET_VNET_HDR) || !turn_on(fd, PACKET_IGNORE_OUTGOING) ||
      bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return std::unexpected(core::errno_error("packet socket of " + port.name));
  opened.buffer_.resize(kFramesPerRead * kFrameBytesMax);
  return opened;
}

std::span<const std::span<char>> PacketPort::receive() {
  for (std::size_t i = 0; i < kFramesPerRead; ++i) {
    places_[i] = {&buffer_[i * kFrameBytesMax], kFrameBytesMax};
    messages_[i].msg_hdr = {};
    messages_[i].msg_hdr.msg_iov = &places_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
  const int got = recvmmsg(fd_.get(), messages_.data(), kFramesPerRead, MSG_DONTWAIT, nullptr);
  std::size_t whole = 0;
  for (int i = 0; i < got; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (messages_[at].msg_len < kVirtioBytes + kEthernetBytes) continue;
    frames_[whole++] = {&buffer_[at * kFrameBytesMax], messages_[at].msg_len};
  }
  return {frames_.data(), whole};
}

bool PacketPort::send(std::span<const char> frame) {
  return ::send(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT) ==
         static_cast<ssize_t>(frame.size());
}

std::uint64_t PacketPort::missed() {
  tpacket_stats stats{};
  socklen_t length = sizeof stats;
  if (getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &length) != 0) return 0;
  return stats.tp_drops;
}

}  // namespace gauntlet::chaos
