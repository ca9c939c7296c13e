// Dealer: gives each connection that this worker accepts to the worker that has the fewest, be it
// this one: so a worker that dies takes its exact share along, and its successor gets that back.
//
// The kernel deals connections out by a hash (SO_REUSEPORT), or to whoever is quickest (a Unix
// socket): worker by worker that differs by a tenth at 1,000 connections. So a connection is
// counted where the count is lowest, in one step together with looking that it still is
// (server/places.h), and its socket handed over (server/passages.h) before a byte of it is read. As
// long as none ends, the counts of open seats differ by one at most once all are dealt.
//
// A seat whose worker is dead stays open, with all its places free: those who lost their connection
// come back to it, and wait there for its next worker as they would in its listening socket. One
// whose worker lives and stands still is passed over. Where a passage is full, or no seat is open,
// a connection is served where it was accepted. Belongs to its worker's loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "core/fd.h"
#include "net/loop.h"
#include "server/board.h"
#include "server/passages.h"

namespace gauntlet::server {

class Dealer {
 public:
  using Serve = std::function<void(core::Fd socket, std::uint64_t tag)>;

  // Takes its seat, which is open; board, passages and loop outlive it. `serve` gets every
  // connection that is to be served here; `tag` is as given to deal(), by whichever worker.
  Dealer(Board& board, std::size_t seat, const Passages& passages, net::Loop& loop, Serve serve);
  ~Dealer();
  Dealer(const Dealer&) = delete;
  Dealer& operator=(const Dealer&) = delete;

  void deal(core::Fd socket, std::uint64_t tag);

  // Once a turn: how many connections are served here now. Places of those that have ended are
  // given back.
  void note_served(std::size_t connections);
  // Once in a while. A worker that was killed after it had counted a connection here, and before it
  // sent it, has left its place taken: gives that back.
  void mend();

  // From now on its worker is given none; what comes still is dealt out again.
  void stop();
  // After stop(): connections on their way here.
  std::size_t awaited() const { return awaited_; }

 private:
  struct Place {
    std::size_t seat;
    std::uint32_t term;
  };

  std::optional<Place> choose();
  Places::Now look_at(Seat& other) const;
  void hand_over(Place to, core::Fd socket, std::uint64_t tag);
  void keep(core::Fd socket, std::uint64_t tag);
  void take_handed();
  bool take_one();
  bool anybody_hands_over() const;
  Seat& own() { return board_.seat(seat_); }

  Board& board_;
  std::size_t seat_;
  const Passages& passages_;
  net::Loop& loop_;
  Serve serve_;
  RobustLock life_;
  std::uint32_t term_;
  std::uint32_t counted_ = 0;  // places taken by connections that have come
  std::size_t awaited_ = 0;
  bool stopped_ = false;
};

}  // namespace gauntlet::server
