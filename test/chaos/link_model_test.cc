#include "chaos/link_model.h"

#include <gtest/gtest.h>

#include <vector>

#include "stats/binomial.h"

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kMs = core::kMillisecond;
constexpr std::size_t kBytes = 100;

std::vector<LinkModel::Fate> fates(LinkModel& model, int count, core::Nanos apart = kMs) {
  std::vector<LinkModel::Fate> met;
  for (int i = 0; i < count; ++i) met.push_back(model.meet(i * apart, kBytes));
  return met;
}

TEST(LinkModel, WithoutSettingsNothingHappens) {
  LinkModel model({}, 1);
  for (int i = 0; i < 100; ++i) {
    const auto fate = model.meet(i, kBytes);
    EXPECT_TRUE(fate.passes && !fate.twice && fate.due == i);
  }
  EXPECT_EQ(model.counts().passed(), 100U);
  EXPECT_EQ(model.counts().passed_bytes, 100 * kBytes);
}

TEST(LinkModel, TheSameSeedMetesOutTheSameFates) {
  const LinkSettings settings{.delay_ns = 9 * kMs, .jitter_ns = 5 * kMs, .loss = 0.3};
  LinkModel one(settings, 7), same(settings, 7), other(settings, 8);
  int differs = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto a = one.meet(i, kBytes), b = same.meet(i, kBytes), c = other.meet(i, kBytes);
    EXPECT_TRUE(a.passes == b.passes && a.due == b.due);
    differs += a.passes != c.passes ? 1 : 0;
  }
  EXPECT_GT(differs, 100);
}

TEST(LinkModel, LosesTheShareItIsAskedFor) {
  LinkModel model({.loss = 0.02}, 42);
  fates(model, 200'000);
  EXPECT_TRUE(stats::binomial_interval(200'000, 0.02, 0.99).contains(model.counts().lost));
}

TEST(LinkModel, BurstsLoseInARow) {
  LinkModel model({.burst_enter = 0.01, .burst_leave = 0.25}, 42);
  std::uint64_t runs = 0, lost = 0;
  bool in_run = false;
  for (const auto& fate : fates(model, 200'000)) {
    runs += !fate.passes && !in_run ? 1 : 0;
    lost += fate.passes ? 0 : 1;
    in_run = !fate.passes;
  }
  EXPECT_EQ(lost, model.counts().lost);
  EXPECT_NEAR(static_cast<double>(lost) / static_cast<double>(runs), 4, 0.5)
      << "mean length 1/leave";
  EXPECT_NEAR(static_cast<double>(lost) / 200'000, 0.01 / (0.01 + 0.25), 0.005);
}

TEST(LinkModel, UniformJitterStaysWithinItsBoundsAndKeepsTheOrder) {
  LinkModel model({.delay_ns = 300 * kMs, .jitter_ns = 200 * kMs}, 3);
  core::Nanos last = 0, lowest = core::kSecond, highest = 0;
  for (int i = 0; i < 5'000; ++i) {
    const core::Nanos now = i * core::kSecond;
    const core::Nanos delay = model.meet(now, kBytes).due - now;
    EXPECT_GE(now + delay, last);
    last = now + delay;
    lowest = std::min(lowest, delay);
    highest = std::max(highest, delay);
  }
  EXPECT_GE(lowest, 100 * kMs);
  EXPECT_LE(highest, 500 * kMs);
  EXPECT_LT(lowest, 101 * kMs);
  EXPECT_GT(highest, 499 * kMs);
}

TEST(LinkModel, OneFlowDoesNotWaitForAnother) {
  LinkModel model({.delay_ns = 300 * kMs, .jitter_ns = 200 * kMs}, 3);
  std::array<core::Nanos, 100> last{};
  core::Nanos sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto flow = static_cast<std::size_t>(i) % last.size();
    const core::Nanos now = i * kMs;  // ten packets of each flow a second
    const core::Nanos due = model.meet(now, kBytes, flow).due;
    EXPECT_GE(due, last[flow]);
    last[flow] = due;
    sum += due - now;
  }
  EXPECT_LT(sum / 10'000, 450 * kMs) << "in one queue, all would wait for the slowest";
}

TEST(LinkModel, NormalJitterHasItsDeviationAndIsNeverNegative) {
  LinkModel model(
      {.delay_ns = 50 * kMs, .jitter_ns = 10 * kMs, .jitter = LinkSettings::Jitter::normal}, 3);
  double sum = 0, squares = 0;
  constexpr int kCount = 20'000;
  for (int i = 0; i < kCount; ++i) {
    const core::Nanos now = i * core::kSecond;
    const double ms = core::to_millis(model.meet(now, kBytes).due - now);
    EXPECT_GE(ms, 0);
    sum += ms;
    squares += ms * ms;
  }
  const double mean = sum / kCount;
  EXPECT_NEAR(mean, 50, 0.5);
  EXPECT_NEAR(squares / kCount - mean * mean, 100, 5);
}

TEST(LinkModel, ReorderedPacketsAreOvertaken) {
  LinkModel model({.delay_ns = 5 * kMs, .reorder = 0.1, .reorder_by_ns = 10 * kMs}, 3);
  int overtaken = 0;
  core::Nanos latest = 0;
  for (const auto& fate : fates(model, 1000)) {
    overtaken += fate.due < latest ? 1 : 0;
    latest = std::max(latest, fate.due);
  }
  EXPECT_GT(model.counts().held_back, 50U);
  EXPECT_GT(overtaken, 50);
}

TEST(LinkModel, ARateSpacesPacketsAndDropsWhatTheQueueCannotHold) {
  LinkModel model({.bytes_per_s = 100'000, .queue_bytes_max = 1'000}, 1);  // a packet a millisecond
  core::Nanos last = 0;
  std::uint64_t passed = 0;
  for (int i = 0; i < 100; ++i) {  // all at once
    const auto fate = model.meet(0, kBytes);
    if (!fate.passes) continue;
    EXPECT_EQ(fate.due - last, kMs);
    last = fate.due;
    ++passed;
  }
  EXPECT_EQ(passed, 11U) << "ten in the queue, and the one that leaves";
  EXPECT_EQ(model.counts().overflowed, 89U);
  EXPECT_EQ(model.meet(core::kSecond, kBytes).due, core::kSecond + kMs) << "it is empty again";
}

TEST(LinkModel, Duplicates) {
  LinkModel model({.duplicate = 0.5}, 1);
  std::uint64_t twice = 0;
  for (const auto& fate : fates(model, 1000)) twice += fate.twice ? 1 : 0;
  EXPECT_EQ(twice, model.counts().duplicated);
  EXPECT_TRUE(stats::binomial_interval(1000, 0.5, 0.999).contains(twice));
}

}  // namespace
}  // namespace gauntlet::chaos
