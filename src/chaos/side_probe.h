// SideProbe: questions of our own beside the load: ICMP echoes from one of load's addresses to
// another, through the same wires and the same link, which the other end's kernel answers. So their
// round trips tell what the link does to packets, whatever the target does and without asking it.
//
// Arrivals are timed by the kernel (SO_TIMESTAMPNS): when they are read does not matter. An answer
// counts that came while the series of its question lasted. Needs the lab, which lets its processes
// ask (ping_group_range). Belongs to one thread. Source: icmp(7), socket(7).
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/fd.h"
#include "core/result.h"
#include "net/endpoint.h"
#include "stats/histogram.h"

namespace gauntlet::chaos {

struct RoundTrips {
  std::uint64_t asked = 0;
  stats::Histogram times;  // of those that were answered
};

class SideProbe {
 public:
  // In the calling thread's network.
  static core::Result<SideProbe> open(const std::string& from, const std::string& to);

  // Forgets what was asked before; what is asked from now on counts for so long.
  void begin(core::Nanos length);
  void ask(int times);
  // One question after the other, each once the one before was answered.
  void converse(int times, core::Nanos patience);
  // With the answers that have come.
  const RoundTrips& look();

 private:
  SideProbe(core::Fd socket, const net::Endpoint& to) : socket_(std::move(socket)), to_(to) {}

  core::Fd socket_;
  net::Endpoint to_;
  std::uint64_t series_ = 0;
  core::Nanos until_ns_ = 0;  // by the wall clock, as the kernel's times are
  RoundTrips seen_;
};

}  // namespace gauntlet::chaos
