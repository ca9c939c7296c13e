// CapacityRun: a search for capacity as it happens: one short run a step, all of them against the
// same target, each with connections of its own. The search itself is stats/capacity_search.h.
// Main thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "main/capacity_options.h"
#include "main/interrupt.h"
#include "main/run_session.h"
#include "run/record.h"
#include "stats/capacity_search.h"

namespace gauntlet::main {

class CapacityRun {
 public:
  CapacityRun(const CapacityPlan& plan, const RunOptions& options, std::vector<std::string> argv);

  // Steps until the capacity is known, nothing is left to ask, or an interrupt.
  // Errors: usage or unreachable, where not even the first step had a target.
  core::Result<void> search();
  // Then a longer run at a share of what was found, if anything was.
  void hold();
  // The record of the hold, or of the last step, with `capacity`.
  run::Record finish() &&;
  // Where its live page is served; null where there is none.
  record::MetricsServer* metrics() { return stage_ ? stage_->metrics() : nullptr; }

 private:
  core::Result<void> prepare(const run::Plan& plan);
  core::Result<run::Record> measure(const run::Plan& plan);
  core::Result<run::CapacityStep> step(double load, core::Nanos length);
  core::Result<run::CapacityStep> step_that_tells(double load, core::Nanos length);
  void note(const std::string& text);
  void say(const std::string& line) const;
  bool stopped() const { return interrupt_.requested() || !capacity_.lost.empty(); }

  const CapacityPlan& plan_;
  RunOptions options_;
  std::vector<std::string> argv_;
  bool quiet_;
  Interrupt interrupt_;
  stats::CapacitySearch search_;
  std::unique_ptr<Stage> stage_;
  std::unique_ptr<RunSession> session_;  // the latest; the target goes from each to the next
  bool target_lost_ = false;             // so the next step has to meet it again
  run::Record last_;
  run::Capacity capacity_;
  std::string started_at_;
  double duration_s_ = 0;
};

}  // namespace gauntlet::main
