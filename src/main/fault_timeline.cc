#include "main/fault_timeline.h"

#include <utility>

#include "chaos/worker_kill.h"
#include "core/random.h"

namespace gauntlet::main {
namespace {

// After its start a fault is looked at for this long at every tick; then once more, at its end.
constexpr core::Nanos kWatched = 10 * core::kSecond;
constexpr core::Nanos kTtl = core::kSecond;  // a kill lasts no time
constexpr const char* kForeign = "its workers cannot be told from here: only our own server's can";

}  // namespace

void FaultTimeline::arm(run::Plan& plan, const OwnServer* server) {
  std::uint64_t stream = 0;
  std::erase_if(plan.faults, [&](const run::Fault& fault) {
    if (fault.kind != "kill_worker") return false;
    if (server == nullptr) {
      skip(fault, kForeign);
      return true;
    }
    std::uint32_t occurrence = 0;
    for (const core::Nanos at : run::fault_starts(plan, fault)) {
      auto kill = std::make_unique<chaos::WorkerKill>(server->pid(), server->metrics(),
                                                      core::Random(plan.seed).fork(++stream));
      if (const auto possible = kill->probe(); !possible) {
        skip(fault, possible.error().text);
        return true;
      }
      entries_.push_back({fault, occurrence++, at, std::move(kill), {}, {}, "", {}});
    }
    return false;
  });
}

void FaultTimeline::skip(const run::Fault& fault, std::string why) {
  skipped_.emplace_back();
  skipped_.back().id = fault.id;
  skipped_.back().kind = fault.kind;
  skipped_.back().skipped = std::move(why);
}

// Armed only now: what it will hit is what is there by then.
void FaultTimeline::start(Entry& entry, core::Nanos now) {
  entry.started_at = now;
  auto done = entry.fault->arm(kTtl);
  if (done) done = entry.fault->start();
  if (!done) entry.trouble = done.error().text;
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
    run::FaultRecord fault;
    fault.id = entry.plan.id;
    fault.kind = entry.plan.kind;
    fault.occurrence = entry.occurrence;
    fault.start_s = core::to_seconds(*entry.started_at - load_start);
    fault.end_s = core::to_seconds(entry.shown_at.value_or(*entry.started_at) - load_start);
    fault.has_evidence = entry.seen.shown && entry.trouble.empty();
    fault.evidence = entry.seen.facts;
    if (!entry.trouble.empty()) fault.evidence.emplace_back("trouble", entry.trouble);
    fault.evidence.emplace_back("left_behind", clean ? "nothing" : clean.error().text);
    record.faults.push_back(std::move(fault));
  }
  record.faults.insert(record.faults.end(), skipped_.begin(), skipped_.end());
}

}  // namespace gauntlet::main
