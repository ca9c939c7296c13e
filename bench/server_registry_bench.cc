// Time of one operation on the session registry and the event log, alone and beside another
// process that does the same.
#include <benchmark/benchmark.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/random.h"
#include "server/event_log.h"
#include "server/registry.h"

namespace gauntlet::server {
namespace {

constexpr std::size_t kSessions = 15'000;
constexpr core::Nanos kIdle = 1'000'000 * core::kSecond;

struct Filled {
  Filled() {
    for (std::size_t i = 0; i < kSessions; ++i) keys.push_back(*registry.open({}, 1));
  }
  const SessionKey& any() { return keys[random.below(keys.size())]; }

  Registry registry{100'000, kIdle};
  std::vector<SessionKey> keys;
  core::Random random{static_cast<std::uint64_t>(getpid())};
};

// The same operation in another process, until it goes.
class Rival {
 public:
  Rival(bool wanted, const auto& operation) : pid_(wanted ? fork() : -1) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) operation();
  }
  ~Rival() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Rival(const Rival&) = delete;
  Rival& operator=(const Rival&) = delete;

 private:
  pid_t pid_;
};

// Argument: the number of processes.
void measure(benchmark::State& state, const auto& operation) {
  const Rival rival(state.range(0) == 2, operation);
  for (auto _ : state) operation();
  state.SetItemsProcessed(state.iterations());
}

void find(benchmark::State& state) {
  Filled filled;
  measure(state,
          [&] { benchmark::DoNotOptimize(filled.registry.find(filled.any(), core::Nanos{1})); });
}

void update(benchmark::State& state) {
  Filled filled;
  measure(state, [&] {
    filled.registry.update(filled.any(), 1, [](Session& session) { ++session.next_stream; });
  });
}

void open_and_close(benchmark::State& state) {
  Filled filled;
  measure(state, [&] { filled.registry.close(*filled.registry.open({}, 1)); });
}

void append_event(benchmark::State& state) {
  Filled filled;
  EventLog events(1 << 20);
  const std::string json(200, 'x');
  measure(state, [&] { events.append(filled.any(), 0, json, false); });
}

void replay_ten_events(benchmark::State& state) {
  Filled filled;
  EventLog events(1 << 20);
  const std::string json(200, 'x');
  for (int i = 0; i < 20; ++i) events.append(filled.keys[0], 0, json, false);
  measure(state, [&] {
    events.read(filled.keys[0], 0, 10,
                [](EventId, std::string_view text) { benchmark::DoNotOptimize(text.data()); });
  });
}

BENCHMARK(find)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(update)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(open_and_close)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(append_event)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(replay_ten_events)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace gauntlet::server
