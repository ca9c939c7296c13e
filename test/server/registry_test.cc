#include "server/registry.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "server/checked_session.h"

namespace gauntlet::server {
namespace {

constexpr core::Nanos kIdle = 100;

ShardStats all_stats(const Registry& registry) {
  ShardStats sum;
  for (std::size_t i = 0; i < kShardCount; ++i) {
    const ShardStats stats = registry.stats(i);
    sum.sessions += stats.sessions;
    sum.lookups += stats.lookups;
    sum.contended += stats.contended;
    sum.repaired += stats.repaired;
    sum.expired += stats.expired;
  }
  return sum;
}

Session with_principal(std::uint64_t principal) {
  Session session;
  session.principal = principal;
  return session;
}

TEST(Registry, ForgetsAllWhenToldTo) {
  Registry registry(1000, kIdle);
  std::vector<SessionKey> keys;
  for (int i = 0; i < 500; ++i) keys.push_back(*registry.open({}, 1));
  registry.forget_all();
  EXPECT_EQ(registry.count(), 0U);
  for (const SessionKey& key : keys) EXPECT_FALSE(registry.find(key, 2));
  EXPECT_TRUE(registry.open({}, 2));
}

TEST(Registry, FindsWhatItOpenedUntilItIsClosed) {
  Registry registry(10, kIdle);
  const auto key = registry.open(with_principal(7), 1);
  ASSERT_TRUE(key);
  ASSERT_TRUE(registry.find(*key, 1));
  EXPECT_EQ(registry.find(*key, 1)->principal, 7u);
  EXPECT_EQ(registry.count(), 1u);
  EXPECT_TRUE(registry.close(*key));
  EXPECT_FALSE(registry.find(*key, 1));
  EXPECT_FALSE(registry.close(*key));
  EXPECT_EQ(registry.count(), 0u);
}

TEST(Registry, KnowsNoOthers) {
  Registry registry(10, kIdle);
  auto key = *registry.open({}, 1);
  ++key.low;
  EXPECT_FALSE(registry.find(key, 1));
  EXPECT_FALSE(registry.update(key, 1, [](Session&) { FAIL(); }));
  EXPECT_FALSE(registry.close(key));
}

TEST(Registry, UpdatesInPlace) {
  Registry registry(10, kIdle);
  const auto key = *registry.open({}, 1);
  EXPECT_TRUE(registry.update(key, 1, [](Session& session) { session.next_stream = 9; }));
  EXPECT_EQ(registry.find(key, 1)->next_stream, 9u);
}

TEST(Registry, AFailedUpdateChangesNothingAndHoldsNothing) {
  Registry registry(10, kIdle);
  const auto key = *registry.open({}, 1);
  const auto change = [](Session& session) {
    session.next_stream = 9;
    throw 1;
  };
  EXPECT_ANY_THROW(registry.update(key, 1, change));
  EXPECT_EQ(registry.find(key, 1)->next_stream, 1u);
}

TEST(Registry, HoldsExactlyAsManyAsItMay) {
  for (const std::size_t max : {1, 3, 64, 200}) {
    Registry registry(max, kIdle);
    std::vector<SessionKey> keys;
    while (const auto key = registry.open({}, 1)) keys.push_back(*key);
    EXPECT_EQ(keys.size(), max);
    for (const auto& key : keys) EXPECT_TRUE(registry.find(key, 1));
    EXPECT_TRUE(registry.close(keys.front()));
    EXPECT_TRUE(registry.open({}, 1));
    EXPECT_FALSE(registry.open({}, 1));
  }
}

TEST(Registry, ForgetsTheIdleWhenAsked) {
  Registry registry(10, kIdle);
  const auto key = *registry.open({}, 1);
  EXPECT_TRUE(registry.find(key, 1 + kIdle));      // and is in use again
  EXPECT_TRUE(registry.find(key, 1 + 2 * kIdle));  // likewise
  EXPECT_FALSE(registry.find(key, 2 + 3 * kIdle));
  EXPECT_EQ(registry.count(), 0u);
  EXPECT_EQ(all_stats(registry).expired, 1u);
}

TEST(Registry, AnEarlierTimeDoesNotMakeItOlder) {
  Registry registry(10, kIdle);
  const auto key = *registry.open({}, 1000);
  EXPECT_TRUE(registry.find(key, 500));
  EXPECT_TRUE(registry.find(key, 1000 + kIdle));
}

TEST(Registry, ASweepOfAllShardsForgetsTheIdleOnly) {
  Registry registry(100'000, kIdle);
  std::vector<SessionKey> idle;
  for (int i = 0; i < 30'000; ++i) idle.push_back(*registry.open({}, 1));
  const auto used = *registry.open({}, kIdle);
  for (std::size_t i = 0; i < kShardCount; ++i) registry.sweep(kIdle + 2);
  EXPECT_EQ(registry.count(), 1u);
  EXPECT_EQ(all_stats(registry).expired, idle.size());
  EXPECT_TRUE(registry.find(used, kIdle + 2));
}

TEST(Registry, SpreadsSessionsOverAllShards) {
  Registry registry(10'000, kIdle);
  while (registry.open({}, 1)) continue;
  for (std::size_t i = 0; i < kShardCount; ++i) EXPECT_GT(registry.stats(i).sessions, 50u);
}

TEST(Registry, SaysNothingOfAShardThatCannotBeReached) {
  Registry registry(1000, kIdle);
  const auto key = *registry.open({}, 1);
  const std::size_t shard = Registry::shard_of(key);
  EXPECT_TRUE(registry.reachable(key));
  registry.make_unreachable(shard, true);
  EXPECT_FALSE(registry.reachable(key));
  EXPECT_FALSE(registry.find(key, 1));
  EXPECT_FALSE(registry.update(key, 1, [](Session&) {}));
  EXPECT_FALSE(registry.close(key));
  for (int i = 0; i < 300; ++i) EXPECT_NE(Registry::shard_of(*registry.open({}, 1)), shard);
  registry.make_unreachable(shard, false);
  EXPECT_TRUE(registry.find(key, 1));
}

TEST(Registry, OpensNothingWhenNoShardCanBeReached) {
  Registry registry(1000, kIdle);
  for (std::size_t i = 0; i < kShardCount; ++i) registry.make_unreachable(i, true);
  EXPECT_FALSE(registry.open({}, 1));
}

TEST(Registry, CountsLookups) {
  Registry registry(10, kIdle);
  const auto key = *registry.open({}, 1);
  registry.find(key, 1);
  registry.find({key.high, key.low + 1}, 1);
  registry.update(key, 1, [](Session&) {});
  EXPECT_EQ(registry.stats(Registry::shard_of(key)).lookups, 3u);
  EXPECT_EQ(all_stats(registry).contended, 0u);
}

TEST(Registry, CountsTheWaitForALock) {
  Registry registry(10, kIdle);
  const auto key = *registry.open({}, 1);
  std::thread waiting;
  registry.update(key, 1, [&](Session&) {
    std::atomic<bool> started = false;
    waiting = std::thread([&] {
      started = true;
      registry.find(key, 1);
    });
    while (!started) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  });
  waiting.join();
  const ShardStats stats = registry.stats(Registry::shard_of(key));
  // A thread that took longer to begin than the update did not have to wait.
  EXPECT_LE(stats.contended, 1u);
  EXPECT_EQ(stats.contended > 0, stats.wait_ns > 0);
  EXPECT_EQ(stats.wait_ns, stats.wait_ns_max);
}

TEST(Registry, IsOneForAllProcesses) {
  Registry registry(10, kIdle);
  const auto ours = *registry.open(with_principal(1), 1);
  const pid_t child = fork();
  if (child == 0) {
    const bool updated = registry.update(ours, 1, [](Session& session) { session.principal = 2; });
    _exit(updated && registry.open(with_principal(3), 1) ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(registry.find(ours, 1)->principal, 2u);
  EXPECT_EQ(registry.count(), 2u);
}

TEST(Registry, GoesOnWhereTheLocksOwnerDied) {
  Registry registry(10, kIdle);
  const auto key = *registry.open(checked_session({}, 1), 1);
  const pid_t child = fork();
  if (child == 0) {
    registry.update(key, 1, [](Session& session) {
      session.next_stream = 99;
      _exit(0);
    });
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const auto found = registry.find(key, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->next_stream, 1u);
  EXPECT_EQ(registry.stats(Registry::shard_of(key)).repaired, 1u);
  EXPECT_TRUE(registry.find(key, 1));
  EXPECT_EQ(registry.stats(Registry::shard_of(key)).repaired, 1u);
}

TEST(Registry, ManyThreadsSeeWholeSessions) {
  Registry registry(64, kIdle);
  std::vector<SessionKey> keys;
  for (int i = 0; i < 4; ++i) {
    keys.push_back(*registry.open({}, 1));
    registry.update(keys.back(), 1, [&](Session& s) { s = checked_session(keys.back(), 1); });
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (std::uint32_t i = 0; i < 3000; ++i) {
        const SessionKey& key = keys[i % keys.size()];
        registry.update(key, 1, [&](Session& s) { s = checked_session(key, s.next_stream + 1); });
        EXPECT_TRUE(version_of(key, *registry.find(key, 1)));
      }
    });
  for (auto& thread : threads) thread.join();
  std::uint32_t versions = 0;
  for (const auto& key : keys) versions += *version_of(key, *registry.find(key, 1)) - 1;
  EXPECT_EQ(versions, 9000u);
}

}  // namespace
}  // namespace gauntlet::server
