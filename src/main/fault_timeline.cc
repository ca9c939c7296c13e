#include "main/fault_timeline.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <tuple>
#include <utility>

#include "chaos/process_fault.h"
#include "chaos/worker_kill.h"
#include "core/random.h"
#include "run/fault_kind.h"

namespace gauntlet::main {
namespace {

// After the start of what lasts no time, it is looked at for this long; then once more, at its end.
constexpr core::Nanos kWatched = 10 * core::kSecond;
constexpr core::Nanos kTtl = core::kSecond;    // of what lasts no time
constexpr core::Nanos kGrace = core::kSecond;  // for us to end what lasts, before it ends by itself
// Between two looks. What was killed is looked at in every tick: its end and its successor are
// timed by that.
constexpr core::Nanos kPause = core::kSecond / 2;
constexpr core::Nanos kJustHappened = 5 * core::kSecond;
// What was delayed is on its way for a while after the delay has ended.
constexpr core::Nanos kCleanPatience = core::kSecond;
constexpr auto kCleanPause = std::chrono::milliseconds(10);

// When a killed worker had a successor: its supervisor has noticed.
std::optional<core::Nanos> replaced_at(const chaos::Fault& fault) {
  const auto* kill = dynamic_cast<const chaos::WorkerKill*>(&fault);
  return kill == nullptr ? std::nullopt : kill->succeeded_at();
}

bool is_killing(const run::Fault& fault) {
  return fault.kind == "kill_worker" || fault.kind == "crash";
}

}  // namespace

core::Result<std::vector<FaultTimeline::Entry>> FaultTimeline::occurrences(
    const run::Plan& plan, const run::Fault& fault, const FaultTarget& target) {
  std::vector<Entry> entries;
  for (const core::Nanos at : run::fault_starts(plan, fault)) {
    auto made = make_fault(fault, target, core::Random(seed_).fork(++made_).next());
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
  target_ = target;
  std::erase_if(plan.faults, [&](const run::Fault& fault) {
    if (fault.kind == "disconnect") {
      std::ignore = journal_.note("planned", fault, 0);
      return false;
    }
    auto entries = occurrences(plan, fault, target);
    if (entries)
      std::ranges::move(*entries, std::back_inserter(entries_));
    else
      skip(plan, fault, entries.error().text);
    return !entries;
  });
}

// With the times that were planned, so that others beside it can be told to lack it.
void FaultTimeline::skip(const run::Plan& plan, const run::Fault& fault, std::string why) {
  const auto starts = run::fault_starts(plan, fault);
  skipped_.emplace_back();
  skipped_.back().id = fault.id;
  skipped_.back().kind = fault.kind;
  skipped_.back().start_s = core::to_seconds(starts.front());
  skipped_.back().end_s = core::to_seconds(starts.back() + fault.length);
  skipped_.back().skipped = std::move(why);
}

// A target that we started may be another process by now.
core::Result<void> FaultTimeline::aim(Entry& entry) {
  const auto* kind = run::find_fault_kind(entry.plan.kind);
  if (target_.spawned == nullptr || (!kind->on_target && !is_killing(entry.plan))) return {};
  target_.processes = {target_.spawned->pid()};
  auto made = make_fault(entry.plan, target_, core::Random(seed_).fork(++made_).next());
  if (!made) return std::unexpected(made.error());
  entry.fault = std::move(*made);
  return {};
}

// Armed only now: what it will hit is what is there by then.
core::Result<void> FaultTimeline::begin(Entry& entry) {
  const core::Nanos ttl = entry.plan.length > 0 ? entry.plan.length + kGrace : kTtl;
  auto done = aim(entry);
  if (done) done = entry.fault->arm(ttl);
  if (done) done = journal_.note("begins", entry.plan, entry.occurrence);
  if (done) done = entry.fault->start();
  crashes_ += dynamic_cast<const chaos::CrashFault*>(entry.fault.get()) != nullptr ? 1 : 0;
  return done;
}

void FaultTimeline::start(Entry& entry, core::Nanos now) {
  entry.started_at = now;
  if (const auto begun = begin(entry); !begun) entry.trouble = begun.error().text;
}

// Counts grow, so that the latest look is the one that counts; one that saw nothing at all, since
// what it asks was gone, takes nothing back.
void FaultTimeline::look(Entry& entry, core::Nanos now) {
  if (!is_killing(entry.plan)) entry.next_look = now + kPause;
  auto seen = entry.fault->evidence();
  if (!seen.facts.empty() || !entry.seen.shown) entry.seen = std::move(seen);
  if (entry.seen.shown && !entry.shown_at) entry.shown_at = now;
}

std::string FaultTimeline::clean(Entry& entry) const {
  const core::Nanos limit = core::monotonic_ns() + kCleanPatience;
  auto clean = entry.fault->verify_clean();
  while (!clean && core::monotonic_ns() < limit) {
    std::this_thread::sleep_for(kCleanPause);
    clean = entry.fault->verify_clean();
  }
  return clean ? "nothing" : clean.error().text;
}

void FaultTimeline::end(Entry& entry) {
  look(entry, core::monotonic_ns());
  if (const auto stopped = entry.fault->stop(); !stopped) entry.trouble = stopped.error().text;
  entry.ended_at = core::monotonic_ns();
  if (entry.plan.length == 0) {
    look(entry, *entry.ended_at);
    entry.ended_at = entry.shown_at.value_or(*entry.started_at);
  }
  entry.seen.facts.emplace_back("left_behind", clean(entry));
  std::ignore = journal_.note("ended", entry.plan, entry.occurrence, entry.trouble);
}

void FaultTimeline::tick(core::Nanos now, core::Nanos load_start) {
  for (Entry& entry : entries_) {
    if (entry.ended_at) continue;
    if (!entry.started_at && now >= load_start + entry.at) start(entry, core::monotonic_ns());
    if (!entry.started_at) continue;
    const core::Nanos length = entry.plan.length > 0 ? entry.plan.length : kWatched;
    if (core::monotonic_ns() >= *entry.started_at + length)
      end(entry);
    else if (core::monotonic_ns() >= entry.next_look)
      look(entry, core::monotonic_ns());
  }
}

std::vector<std::string> FaultTimeline::active(core::Nanos now) const {
  std::vector<std::string> ids;
  for (const Entry& entry : entries_) {
    const bool lasts = entry.plan.length > 0;
    const bool on =
        entry.started_at && (lasts ? !entry.ended_at : now < *entry.started_at + kJustHappened);
    if (on && std::ranges::find(ids, entry.plan.id) == ids.end()) ids.push_back(entry.plan.id);
  }
  return ids;
}

run::FaultRecord FaultTimeline::record_of(const Entry& entry, core::Nanos load_start) const {
  run::FaultRecord fault;
  fault.id = entry.plan.id;
  fault.kind = entry.plan.kind;
  fault.occurrence = entry.occurrence;
  fault.only_group = run::only_group(entry.plan);
  fault.start_s = core::to_seconds(*entry.started_at - load_start);
  fault.end_s = core::to_seconds(*entry.ended_at - load_start);
  fault.has_evidence = entry.seen.shown && entry.trouble.empty();
  fault.evidence = entry.seen.facts;
  if (!entry.trouble.empty()) fault.evidence.emplace_back("trouble", entry.trouble);
  if (const auto noticed = replaced_at(*entry.fault)) {
    fault.noticed_s = core::to_seconds(*noticed - load_start);
    fault.noticed_by = "restart";
  }
  return fault;
}

std::vector<run::FaultRecord> FaultTimeline::over(core::Nanos load_start) const {
  std::vector<run::FaultRecord> all;
  for (const Entry& entry : entries_)
    if (entry.ended_at) all.push_back(record_of(entry, load_start));
  all.insert(all.end(), skipped_.begin(), skipped_.end());
  return all;
}

void FaultTimeline::fill(run::Record& record, core::Nanos load_start) {
  for (Entry& entry : entries_)  // one that never started: the run ended before
    if (entry.started_at && !entry.ended_at) end(entry);
  const auto all = over(load_start);
  record.faults.insert(record.faults.end(), all.begin(), all.end());
}

}  // namespace gauntlet::main
