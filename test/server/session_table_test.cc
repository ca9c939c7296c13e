#include "server/session_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "server/checked_session.h"
#include "server/shared_memory.h"
#include "server/stepped.h"

namespace gauntlet::server {
namespace {

constexpr std::uint32_t kSlots = 6;

// Keys that all share a bucket.
SessionKey key_of(std::uint64_t i) { return {i, 64}; }

class Table : public testing::Test {
 protected:
  bool insert(std::uint64_t i, std::uint32_t version = 1) {
    return table_.insert(key_of(i), checked_session(key_of(i), version), 1);
  }
  void erase(std::uint64_t i) { table_.erase(*table_.find(key_of(i))); }
  void assign(std::uint64_t i, std::uint32_t version) {
    table_.assign(*table_.find(key_of(i)), checked_session(key_of(i), version));
  }
  static std::uint32_t version_in(SessionTable& table, std::uint64_t i) {
    const auto* slot = table.find(key_of(i));
    return slot == nullptr ? 0 : version_of(key_of(i), slot->session).value_or(~0u);
  }
  // The versions of keys 0 … 9, after a repair of a copy of the memory; all of it must work.
  std::vector<std::uint32_t> after_death() {
    std::copy_n(memory_.data(), SessionTable::bytes_for(kSlots), copy_.data());
    SessionTable table(copy_.data(), kSlots);
    table.repair();
    std::vector<std::uint32_t> versions;
    for (std::uint64_t i = 0; i < 10; ++i) versions.push_back(version_in(table, i));
    const auto found = versions.size() - static_cast<std::size_t>(std::ranges::count(versions, 0u));
    EXPECT_EQ(table.count(), found);
    std::uint64_t other = 100;
    while (table.insert(key_of(other), {}, 1)) ++other;
    EXPECT_EQ(other - 100, kSlots - found) << "slots got lost";
    return versions;
  }
  void step_through_and_expect(const std::function<void()>& act,
                               const std::vector<std::uint32_t>& before,
                               const std::vector<std::uint32_t>& after) {
    bool changed = false;
    const std::size_t steps = step_through(act, [&] {
      const auto now = after_death();
      changed = changed || now == after;
      ASSERT_EQ(now, changed ? after : before);
    });
    if (steps == 0) GTEST_SKIP() << "tracing is not permitted here";
    EXPECT_TRUE(changed);
    EXPECT_GT(steps, 50u);
  }

  SharedMemory memory_{SessionTable::bytes_for(kSlots)};
  SharedMemory copy_{SessionTable::bytes_for(kSlots)};
  SessionTable table_{memory_.data(), kSlots};
};

TEST_F(Table, FindsWhatWasInsertedAmongOnesOfTheSameHash) {
  for (std::uint64_t i = 0; i < kSlots; ++i) ASSERT_TRUE(insert(i));
  for (std::uint64_t i = 0; i < kSlots; ++i) EXPECT_EQ(version_in(table_, i), 1u);
  EXPECT_EQ(table_.find(key_of(kSlots)), nullptr);
  EXPECT_EQ(table_.find({0, 65}), nullptr);
}

TEST_F(Table, IsFullAtItsSize) {
  for (std::uint64_t i = 0; i < kSlots; ++i) ASSERT_TRUE(insert(i));
  EXPECT_TRUE(table_.is_full());
  EXPECT_FALSE(insert(7));
  erase(3);
  EXPECT_FALSE(table_.is_full());
  EXPECT_TRUE(insert(7));
  EXPECT_EQ(table_.find(key_of(3)), nullptr);
}

TEST_F(Table, ErasesTheFirstTheMiddleAndTheLastOfAChain) {
  for (std::uint64_t i = 0; i < 5; ++i) insert(i);
  for (const std::uint64_t gone : {4, 2, 0}) erase(gone);
  const std::vector<std::uint32_t> left{0, 1, 0, 1, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(after_death(), left);
  EXPECT_EQ(version_in(table_, 1), 1u);
  EXPECT_EQ(version_in(table_, 3), 1u);
  EXPECT_EQ(table_.count(), 2u);
}

TEST_F(Table, DoesNotSlowDownAfterManyInsertsAndErases) {
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(insert(i));
    erase(i);
  }
  EXPECT_EQ(table_.touched(), 1u);
}

TEST_F(Table, InsertionIsAllOrNothingAtEveryInstruction) {
  insert(0);
  insert(1);
  step_through_and_expect([&] { insert(2); }, {1, 1, 0, 0, 0, 0, 0, 0, 0, 0},
                          {1, 1, 1, 0, 0, 0, 0, 0, 0, 0});
}

TEST_F(Table, InsertionIntoAUsedSlotIsToo) {
  for (std::uint64_t i = 0; i < kSlots; ++i) insert(i);
  erase(1);
  erase(4);
  step_through_and_expect([&] { insert(9); }, {1, 0, 1, 1, 0, 1, 0, 0, 0, 0},
                          {1, 0, 1, 1, 0, 1, 0, 0, 0, 1});
}

TEST_F(Table, AssignmentIsAllOrNothingAtEveryInstruction) {
  for (std::uint64_t i = 0; i < 3; ++i) insert(i);
  step_through_and_expect([&] { assign(1, 2); }, {1, 1, 1, 0, 0, 0, 0, 0, 0, 0},
                          {1, 2, 1, 0, 0, 0, 0, 0, 0, 0});
}

TEST_F(Table, ErasureIsAllOrNothingAtEveryInstruction) {
  for (std::uint64_t i = 0; i < 4; ++i) insert(i);
  step_through_and_expect([&] { erase(1); }, {1, 1, 1, 1, 0, 0, 0, 0, 0, 0},
                          {1, 0, 1, 1, 0, 0, 0, 0, 0, 0});
}

// The one that repairs may be killed as well.
TEST_F(Table, RepairMayStopAtEveryInstruction) {
  for (std::uint64_t i = 0; i < 4; ++i) insert(i);
  erase(2);
  const std::vector<std::uint32_t> whole{1, 1, 0, 1, 0, 0, 0, 0, 0, 0};
  const std::size_t steps =
      step_through([&] { table_.repair(); }, [&] { ASSERT_EQ(after_death(), whole); });
  if (steps == 0) GTEST_SKIP() << "tracing is not permitted here";
}

}  // namespace
}  // namespace gauntlet::server
