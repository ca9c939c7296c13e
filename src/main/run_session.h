// RunSession: one run from its plan to its record: target, load, recording, metrics, live views.
// The order of its members is the order in which the parts depend on each other. Main thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chaos/link_emulator.h"
#include "core/proc.h"
#include "core/result.h"
#include "load/engine.h"
#include "load/probe.h"
#include "load/target.h"
#include "main/fault_proxy.h"
#include "main/fault_timeline.h"
#include "main/interrupt.h"
#include "main/own_server.h"
#include "main/own_threads.h"
#include "main/run_options.h"
#include "main/spawned_server.h"
#include "main/stage.h"
#include "main/target_gauges.h"
#include "main/target_sampler.h"
#include "record/recorder.h"
#include "record/store.h"
#include "report/live_feed.h"
#include "report/live_view.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::main {

// Where a session writes down what it finds out, from second to second.
struct Keeping {
  record::Store* store = nullptr;    // nowhere
  std::int64_t level = 0;            // of a climb, from 1; 0: it is no climb
  const run::Plan* whole = nullptr;  // of the climb
};

class RunSession {
 public:
  // `stage` is the whole command's: of all levels.
  RunSession(run::Plan plan, const RunOptions& options, std::vector<std::string> argv, Stage& stage,
             Keeping keeping = {});

  ~RunSession();
  RunSession(const RunSession&) = delete;
  RunSession& operator=(const RunSession&) = delete;

  // Before anything else: this is no new run, but goes on with what there is of it, and with our
  // own server where that was its target.
  void go_on(run::Record before, std::string how, std::optional<OwnServer> server);
  // The search that the plan's rate comes from, if there was one.
  void chose_rate(std::optional<run::Capacity> capacity) { record_.capacity = std::move(capacity); }
  // Starts or reaches the target and agrees on the protocol. Errors: usage, unreachable.
  core::Result<void> meet_target();
  // Instead: goes on with the target (own server included) of a session that finished.
  void take_target(RunSession& before);
  // After the ramp, connections that are not ready yet get this long.
  static constexpr core::Nanos kOpeningGrace = 15 * core::kSecond;
  // Opens the connections. Errors: unreachable where not one of them could be opened.
  core::Result<void> open_connections(core::Nanos grace = kOpeningGrace);
  // Runs the phases to their end, or to an interrupt.
  void drive();
  // Everything found out, self-check included.
  run::Record finish();

 private:
  core::Result<void> set_the_stage();
  core::Result<void> choose_target();
  core::Result<void> start_own_server();
  core::Result<void> spawn();
  core::Result<void> stand_between();
  core::Result<void> find_floor();
  core::Result<void> find_gauges();
  core::Result<void> start_metrics();
  std::vector<pid_t> target_pids() const;
  std::vector<pid_t> own_pids() const;
  FaultTarget what_to_hit();
  void step();
  void show_second();
  void publish_metrics();
  void publish_live();
  void show_view();
  std::string level_text() const;
  std::vector<std::string> active_faults(double t) const;
  void note_target_exit();
  void note_spawned_exit();
  void describe();
  void note_begin();
  double load_s(core::Nanos now) const;
  void keep_second();
  void keep(const core::Result<void>& kept);
  void say(const std::string& line) const;

  run::Plan plan_;
  run::Plan remaining_;  // of it, for the load
  const RunOptions& options_;
  Stage& stage_;
  Keeping keeping_;
  net::Io io_;
  Interrupt interrupt_;
  std::unique_ptr<chaos::LinkEmulator> emulator_;
  std::optional<OwnServer> own_server_;
  bool leaves_server_ = false;  // where it is kept: the run is not over
  std::optional<SpawnedServer> spawned_;
  std::optional<FaultProxy> proxy_;
  load::Target target_;
  load::Introduction introduction_;
  std::optional<pid_t> listener_;  // the local process behind a URL
  std::unique_ptr<load::Engine> engine_;
  std::optional<record::Recorder> recorder_;
  TargetSampler sampler_;
  TargetGauges gauges_;
  OwnThreads own_threads_;
  FaultTimeline faults_;
  std::optional<report::LiveFeed> live_;
  core::CpuTicks ticks_before_;
  core::Nanos started_ = 0;
  std::string went_;          // how the run ended before, that goes on; "": it is a new one
  double offset_s_ = 0;       // when the load begins again, since it first did
  std::size_t restarts_ = 0;  // of the spawned server
  run::Record record_;
};

}  // namespace gauntlet::main
