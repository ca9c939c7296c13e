// Engine: the load of one run: threads of virtual clients against one target.
//
//   Engine engine(plan, target);          // connections begin to open
//   while (engine.ready() < wanted) …
//   engine.begin();                       // phases begin; snapshots arrive about once a second
//   while (!engine.finished()) engine.collect([](const run::Snapshot& s) { … });
//   engine.finish_into(record);
//
// All members belong to the main thread. The load threads are joined by the destructor at latest.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "load/probe_client.h"
#include "load/target.h"
#include "load/worker.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::load {

class Engine {
 public:
  Engine(const run::Plan& plan, const Target& target);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  std::uint64_t ready() const;  // connections, all threads
  void begin();                 // the phases start a moment from now
  core::Nanos load_start() const { return load_start_; }
  void stop();  // early; what is in flight stays undecided
  bool finished() const;
  std::vector<pid_t> child_pids() const;
  std::size_t threads() const { return workers_.size(); }

  // Hands out every snapshot that is ready: (thread, snapshot).
  template <typename OnSnapshot>
  void collect(OnSnapshot on_snapshot) {
    for (std::size_t i = 0; i < workers_.size(); ++i)
      while (auto snapshot = workers_[i]->tally().take()) {
        on_snapshot(i, static_cast<const run::Snapshot&>(*snapshot));
        workers_[i]->tally().give_back(std::move(snapshot));
      }
    if (probe_) probe_->forget_seconds();
  }

  // After finished(): phases, clients, faults, unmatched answers and what the probe saw.
  void finish_into(run::Record& record);

  static std::uint32_t default_threads();

 private:
  void join();

  const run::Plan& plan_;
  const Target& target_;
  std::vector<RequestTemplate> operations_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  std::unique_ptr<ProbeClient> probe_;  // none over stdio: see run::ProbeRecord
  core::Nanos load_start_ = 0;
};

// The prepared requests of a plan's mix for a target.
std::vector<RequestTemplate> prepare_operations(const run::Plan& plan, const Target& target);

}  // namespace gauntlet::load
