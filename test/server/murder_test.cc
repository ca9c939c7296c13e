// Workers that use the registry and the event log at full speed are killed at random instants,
// thousands of times. What one of them had been told was done must be there, whole, afterwards.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>

#include "core/clock.h"
#include "core/random.h"
#include "server/checked_session.h"
#include "server/event_log.h"
#include "server/registry.h"

namespace gauntlet::server {
namespace {

constexpr std::size_t kWorkers = 3;
constexpr std::size_t kPlaces = 40;  // sessions of one worker
constexpr std::uint32_t kStream = 7;
constexpr int kKills = 2000;
constexpr int kKillsMin = 200;
constexpr core::Nanos kTime = 15 * core::kSecond;
constexpr unsigned kStuckSeconds = 100;
constexpr core::Nanos kNow = 1;

enum class State : int { none, opening, open, closing };

// What a worker knows of one of its sessions; it is written before and after it acts.
struct Place {
  std::atomic<State> state = State::none;
  SessionKey key;
  std::atomic<std::uint32_t> begun = 0;  // version that an update is to bring
  std::atomic<std::uint32_t> done = 0;   // version that an update has brought
  std::atomic<std::uint64_t> appended = 0;
  std::atomic<bool> append_begun = false;
};

struct Ledger {
  std::array<std::array<Place, kPlaces>, kWorkers> places;
  std::atomic<int> failed_line = 0;
  std::atomic<std::uint64_t> operations = 0;
};

class Murder : public testing::Test {
 protected:
  void SetUp() override {
    alarm(kStuckSeconds);  // a lock that is stuck ends the test
    for (std::size_t i = 0; i < kWorkers; ++i) start(i);
  }
  void TearDown() override {
    for (const pid_t pid : pids_) end(pid);
    alarm(0);
  }

  void start(std::size_t worker) {
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (nice(10) < 0) _exit(1);  // the murderer comes first
      for (core::Random random = random_.fork(++starts_ + worker);; ++ledger_->operations)
        act(ledger_->places[worker][random.below(kPlaces)], random);
    }
    ++starts_;
    pids_[worker] = pid;
  }
  static void end(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }

  void expect(bool good, int line) {
    if (!good) ledger_->failed_line = line;
  }

  // One step of a worker.
  void act(Place& place, core::Random& random) {
    if (place.state == State::none) return open(place);
    switch (random.below(8)) {
      case 0: return close(place);
      case 1:
      case 2: return update(place);
      case 3:
      case 4: return append(place);
      case 5: return expect(events_are_whole(place), __LINE__);
      case 6: return look_at_any(random);
      default: return expect(session_is_whole(place), __LINE__);
    }
  }
  void open(Place& place) {
    place.state = State::opening;
    const auto key = registry_.open({}, kNow);
    expect(key.has_value(), __LINE__);
    place.key = *key;
    place.begun = place.done = 0;
    place.appended = 0;
    place.append_begun = false;
    place.state = State::open;
  }
  void close(Place& place) {
    place.state = State::closing;
    expect(registry_.close(place.key), __LINE__);
    events_.forget(place.key);
    place.state = State::none;
  }
  void update(Place& place) {
    ++place.begun;
    const bool updated = registry_.update(place.key, kNow, [&](Session& session) {
      session = checked_session(place.key, place.begun);
    });
    expect(updated, __LINE__);
    place.done = place.begun.load();
  }
  std::string event(const SessionKey& key, std::uint64_t number) {
    return std::to_string(key.low) + std::string(number % 50, '.') + std::to_string(number);
  }
  void append(Place& place) {
    const std::uint64_t number = place.appended + 1;
    place.append_begun = true;
    expect(events_.append(place.key, kStream, event(place.key, number), false) == number, __LINE__);
    place.appended = number;
    place.append_begun = false;
  }
  // Another's session may end while it is looked at, but it is whole.
  void look_at_any(core::Random& random) {
    const Place& place = ledger_->places[random.below(kWorkers)][random.below(kPlaces)];
    const SessionKey key = place.key;
    const auto session = registry_.find(key, kNow);
    if (session && session->next_stream > 1)
      expect(version_of(key, *session).has_value(), __LINE__);
  }

  bool session_is_whole(const Place& place) {
    const auto session = registry_.find(place.key, kNow);
    if (!session) return false;
    const bool fresh = session->subscription_count == 0 && session->principal == 0;
    const auto version = fresh ? std::optional(0u) : version_of(place.key, *session);
    return version && (*version == place.begun || *version == place.done);
  }
  bool events_are_whole(const Place& place) {
    const std::uint64_t last = place.appended;
    std::uint64_t expected = last > 5 ? last - 4 : 1;
    bool whole = true, found = false;
    events_.read(place.key, kStream, expected - 1, [&](EventId id, std::string_view json) {
      if (!found) expected = std::max(expected, id.number);  // the oldest may be gone
      found = true;
      whole = whole && id.number == expected && json == event(place.key, id.number);
      ++expected;
    });
    return whole &&
           (!found || expected == last + 1 || (place.append_begun && expected == last + 2));
  }

  // What a dead worker left; puts its successor's ledger in order.
  void inspect(Place& place) {
    if (place.state == State::opening) ++maybe_leaked_;
    if (place.state == State::closing) {
      registry_.close(place.key);
      events_.forget(place.key);
    }
    if (place.state != State::open) {
      place.state = State::none;
      return;
    }
    ASSERT_TRUE(session_is_whole(place)) << place.done << " of " << place.begun;
    ASSERT_TRUE(events_are_whole(place)) << place.appended;
    update(place);
    if (!place.append_begun) return;
    // A stream of its own each time: the same session may be hit more than once.
    const std::uint64_t number = events_.append(place.key, kStream + ++probes_, "", true);
    ASSERT_EQ(number, 1u);
    settle_append(place);
  }
  // The event that was being written is there or not: the next one's number tells.
  void settle_append(Place& place) {
    bool there = false;
    events_.read(place.key, kStream, place.appended, [&](EventId id, std::string_view json) {
      there = id.number == place.appended + 1 && json == event(place.key, id.number);
    });
    if (there) ++place.appended;
    place.append_begun = false;
  }

  core::Random random_{testing::UnitTest::GetInstance()->random_seed() + 1u};
  Registry registry_{kWorkers * kPlaces + kKills, core::kSecond};
  EventLog events_{std::size_t{1} << 16};
  SharedMemory memory_{sizeof(Ledger)};
  Ledger* ledger_ = new (memory_.data()) Ledger;
  std::array<pid_t, kWorkers> pids_{};
  std::uint64_t starts_ = 0;
  std::uint64_t maybe_leaked_ = 0;
  std::uint32_t probes_ = 0;  // streams written by inspect()
};

TEST_F(Murder, LosesNothingThatWasDone) {
  const core::Nanos end_ns = core::monotonic_ns() + kTime;
  int kills = 0;
  while (kills < kKills && (kills < kKillsMin || core::monotonic_ns() < end_ns)) {
    usleep(static_cast<useconds_t>(random_.below(2000)));
    const std::size_t victim = random_.below(kWorkers);
    end(pids_[victim]);
    for (Place& place : ledger_->places[victim]) ASSERT_NO_FATAL_FAILURE(inspect(place));
    ASSERT_EQ(ledger_->failed_line, 0);
    start(victim);
    ++kills;
  }
  for (const pid_t pid : pids_) end(pid);
  std::size_t open = 0;
  std::uint64_t repaired = 0, sessions = 0;
  for (auto& places : ledger_->places)
    for (Place& place : places) {
      ASSERT_NO_FATAL_FAILURE(inspect(place));
      open += place.state == State::open;
    }
  for (std::size_t i = 0; i < kShardCount; ++i) {
    repaired += registry_.stats(i).repaired;
    sessions += registry_.stats(i).sessions;
  }
  EXPECT_EQ(sessions, registry_.count());
  EXPECT_GE(sessions, open);
  EXPECT_LE(sessions, open + maybe_leaked_);
  EXPECT_GT(repaired + events_.repaired(), 0u) << "nobody died with a lock in hand";
  RecordProperty("kills", kills);
  printf("%d kills, %llu operations, locks taken over: %llu of the registry, %llu of the log\n",
         kills, static_cast<unsigned long long>(ledger_->operations),
         static_cast<unsigned long long>(repaired),
         static_cast<unsigned long long>(events_.repaired()));
}

}  // namespace
}  // namespace gauntlet::server
