#include "main/capacity_run.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "report/capacity_table.h"
#include "run/capacity_text.h"
#include "verdict/capacity.h"

namespace gauntlet::main {
namespace {

// A step that says nothing about the target is measured up to so many times in all.
constexpr int kTriesMax = 3;
// A target at its limit of connections leaves the others waiting at each step: less than a run
// does.
constexpr core::Nanos kOpeningGrace = 3 * core::kSecond;

}  // namespace

CapacityRun::CapacityRun(const CapacityPlan& plan, const RunOptions& options,
                         std::vector<std::string> argv)
    : plan_(plan),
      options_(options),
      argv_(std::move(argv)),
      quiet_(options.quiet),
      search_({.from = plan.from, .to = plan.to, .precision = plan.precision}) {
  capacity_.of_connections = plan.of_connections;
  capacity_.from = plan.from;
  capacity_.to = plan.to;
  capacity_.per_connection_per_s = plan.per_connection_per_s;
  capacity_.hold_share = plan.hold_share;
}

void CapacityRun::say(const std::string& line) const {
  if (quiet_) return;
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void CapacityRun::note(const std::string& text) {
  capacity_.notes.push_back(text);
  say("note: " + text);
}

// The next session: on the target of the one before it, or a target met anew.
core::Result<void> CapacityRun::prepare(const run::Plan& plan) {
  if (!stage_) {
    auto stage = Stage::prepare(plan, options_);
    if (!stage) return std::unexpected(stage.error());
    stage_ = std::move(*stage);
  }
  auto next = std::make_unique<RunSession>(plan, options_, argv_, *stage_);
  const bool first = session_ == nullptr;
  if (!first && !target_lost_) {
    next->take_target(*session_);
  } else {
    session_.reset();  // with what is left of its target
    if (auto met = next->meet_target(); !met) return met;
    if (!first) note("the target was lost, and met again");
  }
  options_.quiet = true;  // what a session says is said once; steps have their own lines
  target_lost_ = false;
  session_ = std::move(next);
  if (first) say(report::capacity_head(capacity_));
  return {};
}

core::Result<run::Record> CapacityRun::measure(const run::Plan& plan) {
  if (auto ready = prepare(plan); !ready) return std::unexpected(ready.error());
  if (auto open = session_->open_connections(kOpeningGrace); !open)
    return std::unexpected(open.error());
  session_->drive();
  return session_->finish();
}

core::Result<run::CapacityStep> CapacityRun::step(double load, core::Nanos length) {
  const bool first = session_ == nullptr;
  const bool again = target_lost_;
  auto record = measure(plan_at(plan_, load, length));
  if (!record && (first || again)) return std::unexpected(record.error());
  if (!record) {
    target_lost_ = true;
    run::CapacityStep lost{.load = load, .result = {}, .gave_way = {}};
    lost.gave_way = {run::GaveWay::Who::target, {}, record.error().text};
    return lost;
  }
  target_lost_ = record->target_exited;
  if (first) started_at_ = record->run.started_at;
  duration_s_ += record->run.duration_s;
  last_ = std::move(*record);
  return verdict::capacity_step(last_, load);
}

core::Result<run::CapacityStep> CapacityRun::step_that_tells(double load, core::Nanos length) {
  for (int tries = 1;; ++tries) {
    auto done = step(load, length);
    if (!done || last_.interrupted) return done;
    say(report::capacity_row(capacity_, *done));
    if (done->tells() || tries == kTriesMax || interrupt_.requested()) return done;
    capacity_.steps.push_back(*done);
  }
}

core::Result<void> CapacityRun::search() {
  while (!search_.done() && !stopped()) {
    double load = search_.next();
    if (plan_.of_connections) load = std::round(load);
    const bool first = session_ == nullptr;
    auto done = step_that_tells(load, plan_.step);
    if (!done && first) return std::unexpected(done.error());
    if (!done) capacity_.lost = "the target was lost for good: " + done.error().text;
    if (!done || last_.interrupted) break;
    capacity_.steps.push_back(*done);
    if (!done->tells() && interrupt_.requested())
      break;  // it might have told, had it been asked on
    search_.add(load, done->kept());
    capacity_.found = search_.estimate();
    capacity_.below_from = search_.below_from();
    capacity_.above_to = search_.above_to();
    capacity_.narrow = search_.narrow_enough();
  }
  verdict::find_what_gave_way(capacity_);
  return {};
}

void CapacityRun::hold() {
  const bool any = capacity_.found && capacity_.below_from < 0.5;
  if (!any || plan_.hold == 0 || stopped()) return;
  double load = plan_.hold_share * capacity_.found->value;
  if (plan_.of_connections) load = std::max(1.0, std::floor(load));
  say(fmt::format("\nhold: {}", run::load_text(capacity_, load)));
  auto held = step_that_tells(load, plan_.hold);
  if (!held) capacity_.lost = "the target was lost before the hold: " + held.error().text;
  if (held && !last_.interrupted) capacity_.hold = *held;
}

run::Record CapacityRun::finish() && {
  last_.run.started_at = started_at_;
  last_.run.duration_s = duration_s_;
  last_.interrupted |= interrupt_.requested();
  last_.capacity = std::move(capacity_);
  return std::move(last_);
}

}  // namespace gauntlet::main
