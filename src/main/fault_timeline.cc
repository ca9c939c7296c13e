#include "main/fault_timeline.h"

#include <utility>

#include "chaos/worker_kill.h"
#include "core/random.h"

namespace gauntlet::main {
namespace {

// After its start a fault is looked at for this long at every tick; then once more, at its end.
constexpr core::Nanos kWatched = 10 * core::kSecond;
// What a fault hits is chosen this long before it, among those that are there then.
constexpr core::Nanos kArmedBefore = core::kSecond;
constexpr core::Nanos kTtl = core::kSecond;  // a kill lasts no time
constexpr const char* kForeign = "its workers cannot be told from here: only our own server's can";

run::FaultRecord skipped(const run::Fault& fault, std::string why) {
  run::FaultRecord record;
  record.id = fault.id;
  record.kind = fault.kind;
  record.skipped = std::move(why);
  return record;
}

}  // namespace

void FaultTimeline::plan(const run::Plan& plan, const OwnServer* server) {
  std::uint64_t stream = 0;
  for (const auto& fault : plan.faults) {
    if (fault.kind != "kill_worker") continue;
    if (server == nullptr) {
      skipped_.push_back(skipped(fault, kForeign));
      continue;
    }
    const auto starts = run::fault_starts(plan, fault);
    for (std::uint32_t i = 0; i < starts.size(); ++i) {
      Entry& entry = entries_.emplace_back();
      entry.plan = fault;
      entry.occurrence = i;
      entry.at = starts[i];
      entry.fault = std::make_unique<chaos::WorkerKill>(server->pid(), server->metrics(),
                                                        core::Random(plan.seed).fork(++stream));
    }
  }
}

void FaultTimeline::arm(Entry& entry) {
  entry.armed = true;
  if (const auto armed = entry.fault->arm(kTtl); !armed) entry.trouble = armed.error().text;
}

void FaultTimeline::start(Entry& entry, core::Nanos now) {
  entry.started_at = now;
  if (!entry.trouble.empty()) return;
  if (const auto started = entry.fault->start(); !started) entry.trouble = started.error().text;
}

void FaultTimeline::look(Entry& entry, core::Nanos now) {
  entry.seen = entry.fault->evidence();
  if (entry.seen.shown && !entry.shown_at) entry.shown_at = now;
}

void FaultTimeline::tick(core::Nanos now, core::Nanos load_start) {
  for (Entry& entry : entries_) {
    if (!entry.armed && now >= load_start + entry.at - kArmedBefore) arm(entry);
    if (!entry.started_at && now >= load_start + entry.at) start(entry, now);
    if (entry.started_at && now < *entry.started_at + kWatched) look(entry, core::monotonic_ns());
  }
}

void FaultTimeline::fill(run::Record& record, core::Nanos load_start) {
  for (Entry& entry : entries_) {
    if (!entry.started_at) continue;  // the run ended before
    if (const auto stopped = entry.fault->stop(); !stopped) entry.trouble = stopped.error().text;
    look(entry, core::monotonic_ns());
    const auto clean = entry.fault->verify_clean();
    run::FaultRecord& known = record.faults.emplace_back();
    known.id = entry.plan.id;
    known.kind = entry.plan.kind;
    known.occurrence = entry.occurrence;
    known.start_s = core::to_seconds(*entry.started_at - load_start);
    known.end_s = core::to_seconds(entry.shown_at.value_or(*entry.started_at) - load_start);
    known.has_evidence = entry.seen.shown && entry.trouble.empty();
    known.evidence = entry.seen.facts;
    if (!entry.trouble.empty()) known.evidence.emplace_back("trouble", entry.trouble);
    known.evidence.emplace_back("left_behind", clean ? "nothing" : clean.error().text);
  }
  record.faults.insert(record.faults.end(), skipped_.begin(), skipped_.end());
}

}  // namespace gauntlet::main
