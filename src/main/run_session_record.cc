// RunSession, what it writes down: the beginning of its load, each second, its end, and where it
// goes on with an earlier one.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/quantity.h"
#include "main/resumption.h"
#include "main/run_session.h"
#include "verdict/fault_windows.h"
#include "verdict/self_check.h"

namespace gauntlet::main {

RunSession::~RunSession() {
  if (!own_server_ || !own_server_->is_kept()) return;
  if (leaves_server_) {
    own_server_->leave();
    return;
  }
  own_server_.reset();
  remove_empty_log(stage_.folder());
}

void RunSession::go_on(run::Record before, std::string how, std::optional<OwnServer> server) {
  went_ = std::move(how);
  leaves_server_ = true;
  if (server) own_server_.emplace(std::move(*server));
  record_ = std::move(before);
  record_.interrupted = record_.died = false;
  record_.clients.clear();  // those of this process are others
  record_.probe = {};
  record_.self_check.threads.clear();
  remaining_ = remaining_plan(plan_, loaded_s(record_));
  remaining_.seed += record_.gaps.size() + 1;
  sampler_.go_on(record_);
  gauges_.go_on(record_.gauges);
}

// When the load began, by the clock that outlives us; of a run that goes on, the gap before it.
void RunSession::note_begin() {
  const double began_s =
      wall_clock_s() + core::to_seconds(engine_->load_start() - core::monotonic_ns());
  if (went_.empty()) {
    record_.run.load_began_s = began_s;
    return;
  }
  record_.gaps.push_back(gap_until(began_s - record_.run.load_began_s, record_, went_));
  offset_s_ = record_.gaps.back().end_s;
  recorder_->go_on(std::exchange(record_.seconds, {}), std::exchange(record_.histograms, {}),
                   std::exchange(record_.operations, {}), offset_s_);
  say(fmt::format("goes on with {} after {:.1f} s without Gauntlet", record_.run.id,
                  record_.gaps.back().length_s()));
}

double RunSession::load_s(core::Nanos now) const {
  return offset_s_ + core::to_seconds(now - engine_->load_start());
}

// Without the store a run goes on, and its end will try again.
void RunSession::keep(const core::Result<void>& kept) {
  if (kept) return;
  fmt::print(stderr, "gauntlet: {}; what happens from here on is only kept in memory\n",
             kept.error().text);
  keeping_.store = nullptr;
}

void RunSession::keep_second() {
  const auto minutes = recorder_->take_minutes();
  if (keeping_.store == nullptr) return;
  const auto faults = faults_.over(engine_->load_start());
  run::SelfCheck self_check = record_.self_check;
  recorder_->note_threads(self_check);
  keep(keeping_.store->add(keeping_.level, {.seconds = recorder_->seconds(),
                                            .histograms = recorder_->histograms(),
                                            .operations = recorder_->operations(),
                                            .memory = sampler_.memory(),
                                            .holdings = sampler_.holdings(),
                                            .gauges = gauges_.samples(),
                                            .cores = sampler_.cores(),
                                            .faults = faults,
                                            .minutes = minutes,
                                            .self_check = &self_check}));
}

// What is known before the load begins.
void RunSession::describe() {
  const auto pids = target_pids();
  const auto earlier = record_.target;  // where this is not the first time
  record_.plan = plan_;
  record_.target = {.url = target_.text(),
                    .protocol = std::string(mcp::name_of(introduction_.revision)),
                    .transport = target_.transport_name(),
                    .server_name = introduction_.server_name,
                    .server_version = introduction_.server_version,
                    .pid = pids.empty() ? 0 : pids.front(),
                    .own_server = own_server_.has_value(),
                    .answers = introduction_.answers,
                    .pid_start = earlier.pid_start,
                    .processes = earlier.processes,
                    .metrics = own_server_ ? own_server_->metrics().text() : ""};
  if (record_.target.processes.empty() && !pids.empty()) {
    record_.target.pid_start = core::process_start(pids.front()).value_or(0);
    const auto tree = core::process_tree(pids);
    record_.target.processes.assign(tree.begin(), tree.end());
  }
  record_.phase_start_s.clear();
  for (std::size_t i = 0; i < plan_.phases.size(); ++i)
    record_.phase_start_s.push_back(record_.begin_of_phase_s(i));
}

run::Record RunSession::finish() {
  const core::CpuTicks ticks = core::cpu_ticks();
  describe();
  const core::Nanos now = core::monotonic_ns();
  record_.run.duration_s =
      went_.empty() ? core::to_seconds(now - started_) : record_.opened_s + load_s(now);
  const auto outages_before = record_.outages.size();
  engine_->finish_into(record_);
  for (auto& outage : record_.outages | std::views::drop(outages_before)) {
    outage.start_s += offset_s_;
    if (outage.back_s) *outage.back_s += offset_s_;
  }
  faults_.fill(record_, engine_->load_start());
  sampler_.fill(record_);
  record_.gauges = gauges_.samples();
  own_threads_.fill(record_);
  recorder_->fill(record_);
  record_.attribute_outages();
  record_.note_skipped_faults();
  verdict::analyse_faults(record_);
  if (ticks.total > ticks_before_.total)
    record_.self_check.steal_share = static_cast<double>(ticks.steal - ticks_before_.steal) /
                                     static_cast<double>(ticks.total - ticks_before_.total);
  record_.self_check = verdict::assess(record_);
  if (keeping_.store != nullptr && keeping_.level > 0)
    keep(keeping_.store->end_level(keeping_.level, record_));
  leaves_server_ = leaves_server_ && record_.interrupted && !record_.target_exited;
  if (leaves_server_ && own_server_ && own_server_->is_kept())
    say(fmt::format("our own server (pid {}) waits {} for: gauntlet run --resume {}",
                    own_server_->pid(), core::format_duration(plan_.load.keep_server),
                    (stage_.folder()).string()));
  return std::move(record_);
}

}  // namespace gauntlet::main
