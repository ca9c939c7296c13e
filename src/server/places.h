// Places: how many connections a seat has, with those on their way to it, as one word that all
// workers read and change.
//
// A seat is open from just before its worker is forked until that worker stops or is not replaced;
// only an open one is given connections. Each worker has a term of its own: a connection that was
// on its way to a dead one is not among those that its successor is counted with.
// Any thread of any process.
#pragma once

#include <atomic>
#include <cstdint>

namespace gauntlet::server {

class Places {
 public:
  struct Now {
    std::uint32_t term = 0;
    std::uint32_t taken = UINT32_MAX;

    bool is_open() const { return taken != UINT32_MAX; }
  };

  Now now() const;

  // A new term, with no place taken.
  void open();
  // How many were taken; 0 where it was closed already. Until it is opened, nothing is taken or
  // given back.
  std::uint32_t close();

  // One more, or another count, where nothing has changed since `seen`.
  bool take(Now seen) { return set(seen, seen.taken + 1); }
  bool set(Now seen, std::uint32_t taken);
  // One more, whatever happens meanwhile. False: it is closed.
  bool take_any();
  // Of what was taken in that term; later on it means nothing any more.
  void give_back(std::uint32_t term, std::uint32_t count);

 private:
  std::atomic<std::uint64_t> word_{UINT32_MAX};  // the term above what is taken
};

}  // namespace gauntlet::server
