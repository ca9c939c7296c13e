#include "main/fault_timeline.h"

#include <algorithm>
#include <utility>

#include "chaos/worker_kill.h"
#include "core/random.h"

namespace gauntlet::main {
namespace {

// After its start a fault is looked at for this long at every tick; then once more, at its end.
constexpr core::Nanos kWatched = 10 * core::kSecond;
constexpr core::Nanos kTtl = core::kSecond;  // a kill lasts no time
constexpr const char* kForeign = "its workers cannot be told from here: only our own server's can";

core::Nanos due(const run::Plan& plan, const run::Fault& fault) {
  for (std::size_t i = 0; i < plan.phases.size(); ++i)
    if (plan.phases[i].name == fault.phase) return run::phase_start(plan, i) + fault.at;
  return fault.at;
}

}  // namespace

void FaultTimeline::arm(run::Plan& plan, const OwnServer* server) {
  std::uint64_t stream = 0;
  std::erase_if(plan.faults, [&](const run::Fault& fault) {
    if (fault.kind != "kill_worker") return false;
    std::string why = kForeign;
    if (server != nullptr) {
      auto kill = std::make_unique<chaos::WorkerKill>(server->pid(), server->metrics(),
                                                      core::Random(plan.seed).fork(++stream));
      const auto armed = kill->arm(kTtl);
      if (armed) entries_.push_back({fault, due(plan, fault), std::move(kill), {}, {}, "", {}});
      if (armed) return false;
      why = armed.error().text;
    }
    skipped_.emplace_back();
    skipped_.back().id = fault.id;
    skipped_.back().kind = fault.kind;
    skipped_.back().skipped = why;
    return true;
  });
}

void FaultTimeline::start(Entry& entry, core::Nanos now) {
  entry.started_at = now;
  if (const auto started = entry.fault->start(); !started) entry.trouble = started.error().text;
}

void FaultTimeline::look(Entry& entry, core::Nanos now) {
  entry.seen = entry.fault->evidence();
  if (entry.seen.shown && !entry.shown_at) entry.shown_at = now;
}

void FaultTimeline::tick(core::Nanos now, core::Nanos load_start) {
  for (Entry& entry : entries_) {
    if (!entry.started_at && now >= load_start + entry.at) start(entry, now);
    if (entry.started_at && now < *entry.started_at + kWatched) look(entry, core::monotonic_ns());
  }
}

void FaultTimeline::fill(run::Record& record, core::Nanos load_start) {
  for (Entry& entry : entries_) {
    if (!entry.started_at) continue;  // the run ended before
    if (const auto stopped = entry.fault->stop(); !stopped) entry.trouble = stopped.error().text;
    look(entry, core::monotonic_ns());
    auto clean = entry.fault->verify_clean();
    auto found = std::ranges::find(record.faults, entry.plan.id, &run::FaultRecord::id);
    if (found == record.faults.end()) found = record.faults.emplace(found);
    found->id = entry.plan.id;
    found->kind = entry.plan.kind;
    found->start_s = core::to_seconds(*entry.started_at - load_start);
    found->end_s = core::to_seconds(entry.shown_at.value_or(*entry.started_at) - load_start);
    found->has_evidence = entry.seen.shown && entry.trouble.empty();
    found->evidence.insert(found->evidence.end(), entry.seen.facts.begin(), entry.seen.facts.end());
    if (!entry.trouble.empty()) found->evidence.emplace_back("trouble", entry.trouble);
    found->evidence.emplace_back("left_behind", clean ? "nothing" : clean.error().text);
  }
  record.faults.insert(record.faults.end(), skipped_.begin(), skipped_.end());
}

}  // namespace gauntlet::main
