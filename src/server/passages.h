// Passages: by which a worker hands a connection that it has accepted over to another one. Opened
// once, before the first fork: what is on its way to a worker that dies waits for its successor.
//
// A passage belongs to a seat; any worker sends, only that seat's receives. Neither waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/fd.h"
#include "core/result.h"
#include "server/datagram_pair.h"

namespace gauntlet::server {

struct Handed {
  core::Fd socket;         // not valid where the receiver had no descriptor left for it
  std::uint64_t tag = 0;   // of its listener, the same in all workers
  std::uint32_t term = 0;  // for which it is counted (server/places.h)
};

class Passages {
 public:
  // Room for some 10,000 connections on their way to one worker, or what the kernel permits.
  static constexpr int kBacklogBytes = 4 << 20;

  static core::Result<Passages> open(std::size_t seats, int backlog_bytes = kBacklogBytes);

  // False: it was not sent, because the passage is full.
  bool send(std::size_t seat, const Handed& handed) const;
  // Nothing where none waits.
  std::optional<Handed> receive(std::size_t seat) const;
  // Readable while one waits.
  int fd(std::size_t seat) const { return pairs_[seat].receive.get(); }

 private:
  std::vector<DatagramPair> pairs_;  // by seat
};

}  // namespace gauntlet::server
