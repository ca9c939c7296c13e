// Worker: one load thread: its event loop, its share of the clients, its schedule and its tally.
// run() is the thread; every other public member may be called from the main thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "load/clients.h"
#include "load/schedule.h"
#include "load/tally.h"
#include "net/loop.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::load {

struct WorkerShare {
  std::uint32_t index = 0;  // of the thread
  std::uint32_t threads = 1;
  std::uint32_t first = 0;    // client
  std::uint32_t count = 0;    // clients
  const char* name = "load";  // of the thread, as /proc shows it
};

class Worker {
 public:
  Worker(const run::Plan& plan, const Target& target,
         const std::vector<RequestTemplate>& operations, WorkerShare share, net::Io io);

  void run();

  // The load begins at this monotonic time, once.
  void begin(core::Nanos start) { load_start_.store(start, std::memory_order_release); }
  void stop() { stop_.store(true, std::memory_order_relaxed); }
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  std::uint64_t ready() const { return ready_.load(std::memory_order_relaxed); }
  Tally& tally() { return tally_; }
  std::string_view loop_backend() const { return loop_->backend(); }

  // After finished(): what became of the clients and faults of this thread.
  const std::vector<run::ClientOutcome>& outcomes() const { return outcomes_; }
  const std::vector<run::FaultRecord>& faults() const { return faults_; }
  const std::vector<run::Outage>& outages() const { return outages_; }
  std::uint64_t unmatched_answers() const { return unmatched_answers_; }
  // While the load runs over stdio: the servers' processes, as of the last second.
  std::vector<pid_t> child_pids() const;

 private:
  struct PlannedFault {
    core::Nanos at;  // since the load began
    const run::Fault* fault;
    std::uint32_t occurrence;
  };
  // A time of one rate: phases of the same rate_factor that follow each other.
  struct Stretch {
    core::Nanos end;  // since the load began
    double rate_factor;
  };

  void open_connections(Clients& clients);
  void drive(Clients& clients);
  void drain(Clients& clients);
  void plan_faults();
  void plan_stretches();
  void begin_stretch(core::Nanos begin);
  void pass_stretches();
  void fire_due(Clients& clients, core::Nanos now);
  void fire_idle(Clients& clients, core::Nanos now);
  void count_missed();
  void dispatch(Clients& clients, std::uint32_t client, core::Nanos intended, core::Nanos now);
  void start_faults(Clients& clients, core::Nanos now);
  void watch_answers(const Clients& clients);
  void end_second(Clients& clients, core::Nanos now);
  void publish(const Clients& clients);
  core::Nanos stretch_end() const { return start_ + stretches_[stretch_].end; }  // monotonic
  core::Nanos load_end() const { return start_ + phase_ends_.back(); }           // monotonic
  std::size_t phase_at(core::Nanos since_start);
  std::uint8_t draw_operation();
  core::Nanos next_wake(core::Nanos now) const;

  const run::Plan& plan_;
  const Target& target_;
  const std::vector<RequestTemplate>& operations_;
  WorkerShare share_;
  core::Random random_;
  std::unique_ptr<net::Loop> loop_;
  Tally tally_;

  // Times since the load began unless said otherwise.
  core::Nanos start_ = 0;  // monotonic
  std::vector<core::Nanos> phase_ends_;
  std::size_t phase_ = 0;              // of the last intended time
  std::vector<PlannedFault> planned_;  // in order; those before next_fault_ are done
  std::size_t next_fault_ = 0;
  std::vector<Stretch> stretches_;
  std::size_t stretch_ = 0;
  std::optional<Schedule> schedule_;          // of the stretch
  std::vector<double> operation_thresholds_;  // cumulative weights, the last is 1
  std::vector<std::uint32_t> touched_;        // clients with calls queued in this turn
  std::vector<bool> is_touched_;
  core::Nanos next_sweep_ = 0;    // monotonic
  core::Nanos second_start_ = 0;  // monotonic
  core::Nanos next_second_ = 0;   // monotonic
  core::Nanos watched_at_ = 0;    // monotonic; when answers were last looked for
  core::Nanos silent_since_ = 0;  // monotonic
  std::uint64_t reads_seen_ = 0;  // of the second in progress
  core::Nanos cpu_before_ = 0;
  core::Nanos queue_delay_before_ = 0;

  std::vector<run::ClientOutcome> outcomes_;
  std::vector<run::FaultRecord> faults_;
  std::vector<run::Outage> outages_;
  std::uint64_t unmatched_answers_ = 0;
  std::atomic<core::Nanos> load_start_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> finished_{false};
  std::atomic<std::uint64_t> ready_{0};
  mutable std::mutex pids_mutex_;  // once a second, never per message
  std::vector<pid_t> pids_;
};

}  // namespace gauntlet::load
