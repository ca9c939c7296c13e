// Dealers of several seats in one process: who serves how many, and what becomes of what is on its
// way.
#include "server/dealer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace gauntlet::server {
namespace {

// One end of a connection; the other one is closed, and nobody minds.
core::Fd connection() {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const core::Fd other(ends[1]);
  return core::Fd(ends[0]);
}

// A seat, open, with its worker's dealer, which keeps what it serves.
struct Desk {
  Desk(Board& all, std::size_t index, const Passages& passages) : board(all), seat(index) {
    all.seat(index).prepare();
    all.seat(index).turned_ns = 0;  // on a slow machine it would stand still
    dealer = std::make_unique<Dealer>(all, index, passages, *loop, [this](core::Fd fd, auto tag) {
      served.push_back(std::move(fd));
      tags.push_back(tag);
    });
  }

  void turn(core::Nanos wait_ns = 0) { loop->turn(core::monotonic_ns() + wait_ns); }
  std::uint32_t taken() const { return board.seat(seat).places.now().taken; }
  // Of what it serves, so many end.
  void end(std::size_t count) {
    served.resize(served.size() - count);
    dealer->note_served(served.size());
  }

  Board& board;
  std::size_t seat;
  std::unique_ptr<net::Loop> loop = net::make_loop();
  std::vector<core::Fd> served;
  std::vector<std::uint64_t> tags;
  std::unique_ptr<Dealer> dealer;
};

class DealerTest : public testing::Test {
 protected:
  Board board_{2};  // and so four seats
  Passages passages_ = Passages::open(4).value();
  Desk first_{board_, 0, passages_};
  Desk second_{board_, 1, passages_};
};

TEST_F(DealerTest, GivesToWhoHasTheFewest) {
  for (int i = 0; i < 10; ++i) first_.dealer->deal(connection(), 7);
  second_.turn();
  EXPECT_EQ(first_.served.size(), 5u);
  EXPECT_EQ(second_.served.size(), 5u);
  EXPECT_EQ(second_.tags, (std::vector<std::uint64_t>(5, 7)));
  for (const core::Fd& socket : second_.served) EXPECT_TRUE(socket.valid());
  second_.end(3);
  for (int i = 0; i < 3; ++i) first_.dealer->deal(connection(), 8);
  second_.turn();
  EXPECT_EQ(first_.served.size(), 5u) << "it is the other's turn until both are even";
  EXPECT_EQ(second_.served.size(), 5u);
}

TEST_F(DealerTest, KeepsWhatIsItsOwn) {
  first_.dealer->deal(connection(), 0);
  EXPECT_EQ(first_.served.size(), 1u) << "nobody has fewer";
  second_.dealer->deal(connection(), 0);
  EXPECT_EQ(second_.served.size(), 1u) << "this one has fewer";
}

TEST_F(DealerTest, GivesNothingToAClosedSeat) {
  board_.seat(1).bury(false);
  for (int i = 0; i < 3; ++i) first_.dealer->deal(connection(), 0);
  second_.turn();
  EXPECT_EQ(first_.served.size(), 3u);
  EXPECT_TRUE(second_.served.empty());
}

TEST_F(DealerTest, PassesOverWhoStandsStillUntilItGoesOn) {
  Seat& seat = board_.seat(1);
  seat.turned_ns = first_.loop->now() - kStandstill - 1;
  for (int i = 0; i < 3; ++i) first_.dealer->deal(connection(), 0);
  EXPECT_EQ(first_.served.size(), 3u);
  EXPECT_EQ(second_.taken(), 0u);
  seat.turned_ns = first_.loop->now();
  for (int i = 0; i < 3; ++i) first_.dealer->deal(connection(), 0);
  EXPECT_EQ(first_.served.size(), 3u) << "it has fewer, and turns";
  EXPECT_EQ(second_.taken(), 3u);
}

// What died long ago is not still: its successor is on its way.
TEST_F(DealerTest, ADeadOneDoesNotStandStill) {
  Seat& seat = board_.seat(2);
  std::thread([&] {
    seat.prepare();
    seat.life.lock();
    seat.turned_ns = 1;
  }).join();
  EXPECT_TRUE(seat.stands_still(first_.loop->now()));
  for (int i = 0; i < 3; ++i) first_.dealer->deal(connection(), 0);
  EXPECT_FALSE(seat.stands_still(first_.loop->now()));
  EXPECT_EQ(seat.places.now().taken, 1u);
}

TEST_F(DealerTest, AllAreEvenWhenAllDealAtOnce) {
  constexpr int kEach = 100;
  constexpr std::size_t kAll = 4 * kEach;
  std::array<Desk*, 4> desks{&first_, &second_};
  Desk third(board_, 2, passages_);
  Desk fourth(board_, 3, passages_);
  desks[2] = &third;
  desks[3] = &fourth;
  std::atomic<std::size_t> served = 0;
  std::vector<std::thread> threads;
  for (Desk* const desk : desks)
    threads.emplace_back([&served, desk] {
      for (int i = 0; i < kEach; ++i) desk->dealer->deal(connection(), 0);
      for (std::size_t before = 0; served < kAll; desk->turn(core::kMillisecond)) {
        served += desk->served.size() - before;
        before = desk->served.size();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const Desk* const desk : desks) {
    EXPECT_EQ(desk->served.size(), kAll / 4);
    EXPECT_EQ(desk->taken(), kAll / 4);
  }
}

TEST_F(DealerTest, ServesItselfWhereThePassageIsFull) {
  const Passages narrow = Passages::open(4, 1).value();
  const Desk third(board_, 2, narrow);
  Desk fourth(board_, 3, narrow);
  board_.seat(0).bury(false);
  board_.seat(1).bury(false);
  constexpr std::size_t kMany = 100;
  for (std::size_t i = 0; i < kMany; ++i) third.dealer->deal(connection(), 0);
  const std::size_t handed = kMany - third.served.size();
  EXPECT_LT(handed, kMany / 2) << "not all found room";
  EXPECT_EQ(third.taken(), third.served.size());
  EXPECT_EQ(fourth.taken(), handed);
  fourth.turn();
  EXPECT_EQ(fourth.served.size(), handed);
}

// In its place sits a thread that ends with the lock of a living worker in hand.
TEST_F(DealerTest, ADeadWorkersPlacesAreItsSuccessors) {
  Seat& seat = board_.seat(2);
  std::thread([&] {
    seat.prepare();
    seat.life.lock();
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(seat.places.take_any());
  }).join();
  for (int i = 0; i < 3; ++i) first_.dealer->deal(connection(), 9);
  EXPECT_EQ(first_.served.size(), 1u);
  EXPECT_EQ(seat.places.now().taken, 1u) << "none is taken any more, and nobody has fewer";
  seat.bury(true);
  Desk successor(board_, 2, passages_);
  EXPECT_EQ(successor.taken(), 1u) << "it is not dead a second time";
  successor.turn();
  EXPECT_EQ(successor.tags, std::vector<std::uint64_t>{9});
  EXPECT_EQ(successor.taken(), 1u);
}

TEST_F(DealerTest, WhatWasOnItsWayToADeadWorkerIsItsSuccessors) {
  first_.dealer->deal(connection(), 0);
  first_.dealer->deal(connection(), 9);
  EXPECT_EQ(second_.taken(), 1u);
  second_.dealer.reset();
  board_.seat(1).places.open();
  Desk successor(board_, 1, passages_);
  EXPECT_EQ(successor.taken(), 0u);
  successor.turn();
  EXPECT_EQ(successor.tags, std::vector<std::uint64_t>{9});
  EXPECT_EQ(successor.taken(), 1u) << "counted once it has come";
}

TEST_F(DealerTest, APlaceThatADeadWorkerTookForNothingIsGivenBack) {
  board_.seat(0).handing_to = 1;
  ASSERT_TRUE(board_.seat(1).places.take_any());  // and is killed before it sends
  second_.dealer->mend();
  EXPECT_EQ(second_.taken(), 1u) << "it may be about to send";
  board_.seat(0).handing_to = kNobody;  // as burying it does
  second_.dealer->mend();
  EXPECT_EQ(second_.taken(), 0u);
}

TEST_F(DealerTest, APlaceOfWhatIsStillOnItsWayIsKept) {
  first_.dealer->deal(connection(), 0);
  first_.dealer->deal(connection(), 0);
  second_.dealer->mend();
  EXPECT_EQ(second_.taken(), 1u);
  second_.dealer->mend();
  EXPECT_EQ(second_.taken(), 1u);
  EXPECT_EQ(second_.served.size(), 1u);
}

TEST_F(DealerTest, WhoStopsDealsOutWhatStillComes) {
  for (int i = 0; i < 4; ++i) first_.dealer->deal(connection(), 3);
  second_.dealer->stop();
  EXPECT_EQ(second_.dealer->awaited(), 2u);
  second_.turn();
  EXPECT_EQ(second_.dealer->awaited(), 0u);
  EXPECT_TRUE(second_.served.empty());
  first_.turn();
  EXPECT_EQ(first_.tags, (std::vector<std::uint64_t>(4, 3)));
  first_.dealer->stop();
  first_.dealer->deal(connection(), 3);
  EXPECT_EQ(first_.served.size(), 5u) << "nobody else is there";
}

}  // namespace
}  // namespace gauntlet::server
