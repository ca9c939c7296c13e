// Recorder: adds the load threads' snapshots up to the seconds of the whole run, and keeps running
// totals for the metrics.
// A second closes once every thread has reported up to the same time. A thread may report two
// seconds in one when the machine was late; the second of all threads is then as long as that.
// Belongs to the main thread.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "record/roll_up.h"
#include "run/plan.h"
#include "run/record.h"
#include "run/snapshot.h"
#include "stats/histogram.h"

namespace gauntlet::record {

// A thread that stops reporting holds the others' seconds up for at most this long.
inline constexpr core::Nanos kSecondLengthMax = 5 * core::kSecond;

// Everything since the load began, whatever the phase.
struct Totals {
  run::Counts counts;
  run::Traffic traffic;
  stats::Histogram response;
  stats::Histogram service;
  stats::Histogram send_lag;
  double generator_cpu_s = 0;
};

class Recorder {
 public:
  Recorder(const run::Plan& plan, std::size_t threads);

  // Of a run that goes on: what it has so far, as many seconds as histograms; what comes is this
  // much later than the load threads say. Before the first snapshot.
  void go_on(std::vector<run::Second> seconds, std::vector<run::TimedHistograms> histograms,
             std::vector<run::TimedOperation> operations, double offset_s);

  // True where this closed a second: seconds().back() is new then.
  bool add(std::size_t thread, const run::Snapshot& snapshot);
  // After the last snapshot: closes what is pending, if anything is.
  bool finish();

  const std::vector<run::Second>& seconds() const { return seconds_; }
  const std::vector<run::TimedHistograms>& histograms() const { return histograms_; }
  const std::vector<run::TimedOperation>& operations() const { return operations_; }
  const Totals& totals() const { return totals_; }
  // The minutes that took the place of seconds since this was last asked.
  std::vector<RollUp::Minute> take_minutes() { return std::exchange(minutes_, {}); }

  // Gives the record its seconds, its peak of connections, and of its self-check what the threads'
  // snapshots tell: CPU and run-queue delay of the worst thread in the measured phase.
  void fill(run::Record& record) const;
  // The latter alone.
  void note_threads(run::SelfCheck& check) const;

 private:
  // What one thread used in the measured phase.
  struct Usage {
    core::Nanos wall = 0;
    core::Nanos cpu = 0;
    core::Nanos run_queue_delay = 0;
  };

  void note_usage(std::size_t thread, const run::Snapshot& snapshot);
  bool aligned() const;
  bool overlong() const;
  void add_to_totals(const run::Counts& counts, const run::Traffic& traffic,
                     const run::Latencies& latencies, double cpu_s);
  void close_second();

  std::size_t measured_phase_;
  std::vector<std::optional<run::Snapshot>> pending_;  // of each thread, since the last second
  std::vector<Usage> usage_;
  std::vector<run::Second> seconds_;
  std::vector<run::TimedHistograms> histograms_;
  std::vector<run::TimedOperation> operations_;
  RollUp roll_up_;
  std::vector<RollUp::Minute> minutes_;
  Totals totals_;
  double offset_s_ = 0;
};

}  // namespace gauntlet::record
