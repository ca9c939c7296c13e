#include "main/fault_timeline.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "chaos/order_fault.h"
#include "chaos/process_fault.h"
#include "chaos/worker_kill.h"
#include "core/random.h"

namespace gauntlet::main {
namespace {

// After the start of what lasts no time, it is looked at for this long at every tick; then once
// more, at its end.
constexpr core::Nanos kWatched = 10 * core::kSecond;
constexpr core::Nanos kTtl = core::kSecond;    // of what lasts no time
constexpr core::Nanos kGrace = core::kSecond;  // for us to end what lasts, before it ends by itself
constexpr core::Nanos kCommandPause = core::kSecond;  // between two of the user's evidence commands
constexpr const char* kForeign = "its workers cannot be told from here: only our own server's can";
constexpr const char* kUnseen = "its processes cannot be seen from here";

bool needs_warden(const run::Fault& fault) { return fault.kind == "pause" || fault.kind == "exec"; }

std::string parameter(const run::Fault& fault, std::string_view name) {
  const auto found = std::ranges::find(fault.with, name, &run::Parameters::value_type::first);
  return found == fault.with.end() ? "" : found->second;
}

}  // namespace

FaultTimeline::FaultTimeline(const run::Plan& plan) : seed_(plan.seed) {
  if (std::ranges::none_of(plan.faults, needs_warden)) return;
  if (auto warden = chaos::Warden::start()) warden_.emplace(std::move(*warden));
}

core::Result<std::unique_ptr<chaos::Fault>> FaultTimeline::make(const run::Fault& fault,
                                                                const FaultTarget& target) {
  if (fault.kind == "kill_worker") {
    if (target.server == nullptr) return core::usage_error(kForeign);
    return std::make_unique<chaos::WorkerKill>(target.server->pid(), target.server->metrics(),
                                               core::Random(seed_).fork(++made_));
  }
  if (!warden_) return core::internal_error("the process that would take it back did not start");
  if (fault.kind == "exec")
    return std::make_unique<chaos::ExecFault>(
        *warden_, chaos::ExecCommands{parameter(fault, "start"), parameter(fault, "evidence"),
                                      parameter(fault, "stop")});
  if (target.processes.empty()) return core::usage_error(kUnseen);
  return std::make_unique<chaos::PauseFault>(
      *warden_, chaos::ProcessTarget{.pids = target.processes, .with_descendants = true});
}

core::Result<std::vector<FaultTimeline::Entry>> FaultTimeline::occurrences(
    const run::Plan& plan, const run::Fault& fault, const FaultTarget& target) {
  std::vector<Entry> entries;
  for (const core::Nanos at : run::fault_starts(plan, fault)) {
    auto made = make(fault, target);
    if (!made) return std::unexpected(made.error());
    const auto occurrence = static_cast<std::uint32_t>(entries.size());
    if (occurrence == 0)
      if (const auto possible = (*made)->probe(); !possible)
        return std::unexpected(possible.error());
    entries.push_back(
        {.plan = fault, .occurrence = occurrence, .at = at, .fault = std::move(*made)});
  }
  return entries;
}

void FaultTimeline::arm(run::Plan& plan, const FaultTarget& target) {
  std::erase_if(plan.faults, [&](const run::Fault& fault) {
    if (fault.kind == "disconnect") return false;
    auto entries = occurrences(plan, fault, target);
    if (entries)
      std::ranges::move(*entries, std::back_inserter(entries_));
    else
      skip(fault, entries.error().text);
    return !entries;
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
  auto done = entry.fault->arm(entry.plan.length > 0 ? entry.plan.length + kGrace : kTtl);
  if (done) done = entry.fault->start();
  if (!done) entry.trouble = done.error().text;
}

// What was once shown stays so.
void FaultTimeline::look(Entry& entry, core::Nanos now) {
  if (now < entry.next_look) return;
  if (entry.plan.kind == "exec") entry.next_look = now + kCommandPause;
  auto seen = entry.fault->evidence();
  if (seen.shown || !entry.seen.shown) entry.seen = std::move(seen);
  if (entry.seen.shown && !entry.shown_at) entry.shown_at = now;
}

void FaultTimeline::end(Entry& entry) {
  if (const auto stopped = entry.fault->stop(); !stopped) entry.trouble = stopped.error().text;
  entry.ended_at = core::monotonic_ns();
  if (entry.plan.length == 0) {
    look(entry, *entry.ended_at);
    entry.ended_at = entry.shown_at.value_or(*entry.started_at);
  }
  const auto clean = entry.fault->verify_clean();
  entry.seen.facts.emplace_back("left_behind", clean ? "nothing" : clean.error().text);
}

void FaultTimeline::tick(core::Nanos now, core::Nanos load_start) {
  for (Entry& entry : entries_) {
    if (entry.ended_at) continue;
    if (!entry.started_at && now >= load_start + entry.at) start(entry, now);
    if (!entry.started_at) continue;
    look(entry, core::monotonic_ns());
    const core::Nanos length = entry.plan.length > 0 ? entry.plan.length : kWatched;
    if (core::monotonic_ns() >= *entry.started_at + length) end(entry);
  }
}

void FaultTimeline::fill(run::Record& record, core::Nanos load_start) {
  for (Entry& entry : entries_) {
    if (!entry.started_at) continue;  // the run ended before
    if (!entry.ended_at) end(entry);
    run::FaultRecord fault;
    fault.id = entry.plan.id;
    fault.kind = entry.plan.kind;
    fault.occurrence = entry.occurrence;
    fault.start_s = core::to_seconds(*entry.started_at - load_start);
    fault.end_s = core::to_seconds(*entry.ended_at - load_start);
    fault.has_evidence = entry.seen.shown && entry.trouble.empty();
    fault.evidence = entry.seen.facts;
    if (!entry.trouble.empty()) fault.evidence.emplace_back("trouble", entry.trouble);
    record.faults.push_back(std::move(fault));
  }
  record.faults.insert(record.faults.end(), skipped_.begin(), skipped_.end());
}

}  // namespace gauntlet::main
