// DatagramPair: a way between processes that both have inherited, one datagram at a time.
//
// A pair, and not a name to send to: the ends of a pair are bounded by their buffer alone, others
// by net.unix.max_dgram_qlen as well, which is 10 datagrams on many machines.
#pragma once

#include "core/fd.h"
#include "core/result.h"

namespace gauntlet::server {

struct DatagramPair {
  core::Fd receive;  // neither of them ever waits
  core::Fd send;

  // `backlog_bytes` may be on their way, the kernel's own bytes included: some 800 for a short
  // datagram. Where the kernel permits only net.core.wmem_max, so many.
  static core::Result<DatagramPair> open(int backlog_bytes);
};

}  // namespace gauntlet::server
