// LinkPump: the loop of the link emulator's process: packets from one port of the link to the
// other, both ways, each held for as long as the stages in force want it held.
//
// A stage is what one fault asks for, both directions, with a seed, an end and counts of its own;
// a packet passes all stages, one after the other. Without any it is sent on at once.
// Packets are taken and sent whole, with the kernel's notes on their checksum and segmentation
// (PACKET_VNET_HDR), so one packet here may be up to 64 KB of a TCP stream.
// One thread; control comes by a socket, one message an order (see link_pump.cc's Order).
// Source: packet(7).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "chaos/lab.h"
#include "chaos/link_model.h"
#include "core/clock.h"

namespace gauntlet::chaos {

inline constexpr std::size_t kLinkStagesMax = 8;
inline constexpr std::size_t kHeldBytesMax = 256 * 1024 * 1024;

enum class LinkWay : std::uint8_t { to_server, to_load };

struct LinkStage {
  std::uint64_t id = 0;                    // 0: none
  std::array<LinkSettings, 2> settings{};  // by LinkWay
  std::uint64_t seed = 0;
  std::uint32_t only_client = 0;  // of that load address, in network byte order; 0: of all
  core::Nanos until_ns = 0;       // monotonic
};

// What a stage has done, and the pump as a whole. Delays, of packets that passed, follow as two
// histograms (V2, zlib, base64), by LinkWay.
struct LinkReport {
  std::array<LinkCounts, 2> counts;  // by LinkWay
  bool in_force = false;             // not over yet
  std::uint64_t stages = 0;          // in all
  std::uint64_t held_now = 0;        // packets, of all stages
  std::uint64_t forwarded = 0;       // by the pump, since its start
  std::uint64_t overtaken = 0;       // of those: sent before one that had come earlier
  std::uint64_t failed = 0;          // the kernel refused to send, or there was no room
  std::uint64_t missed = 0;          // by us: the kernel's buffer was full
};

struct LinkOrder {
  enum class Kind : std::uint8_t { add, remove, report };
  Kind kind = Kind::report;
  LinkStage stage;  // for remove and report its id
};

// Until the control socket's other end is closed. Says "ready" there first, or why it is not.
// Has to run in the link's network namespace.
void run_link_pump(int control_fd, const LinkPorts& ports);

}  // namespace gauntlet::chaos
