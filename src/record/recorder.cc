#include "record/recorder.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "core/check.h"

namespace gauntlet::record {

namespace {

// A later snapshot of the same thread: counts add up, gauges are the later ones.
void append(run::Snapshot& earlier, const run::Snapshot& later) {
  earlier.connections_ready = 0;
  earlier.outstanding = 0;
  earlier.victims_waiting = 0;
  const auto longer = earlier.pause_end - earlier.pause_start > later.pause_end - later.pause_start
                          ? std::pair(earlier.pause_start, earlier.pause_end)
                          : std::pair(later.pause_start, later.pause_end);
  earlier.merge(later);
  std::tie(earlier.pause_start, earlier.pause_end) = longer;
}

run::Second to_second(const run::Snapshot& all, double offset_s) {
  run::Second second;
  second.t = offset_s + core::to_seconds(all.end);
  second.length = core::to_seconds(all.end - all.start);
  second.phase = all.phase;
  second.counts = all.counts;
  second.traffic = all.traffic;
  set_percentiles(second, all.latencies);
  second.connections_ready = all.connections_ready;
  second.outstanding = all.outstanding;
  second.victims_waiting = all.victims_waiting;
  second.pause_s = core::to_seconds(all.pause_end - all.pause_start);
  second.first_signal_s = all.first_signal == 0 ? 0 : offset_s + core::to_seconds(all.first_signal);
  second.group_completed = all.group_completed;
  second.generator_cpu = second.length > 0 ? core::to_seconds(all.cpu) / second.length : 0;
  return second;
}

}  // namespace

Recorder::Recorder(const run::Plan& plan, std::size_t threads)
    : measured_phase_(run::measured_phase(plan)),
      pending_(threads),
      usage_(threads),
      roll_up_(plan.faults.empty()) {
  GAUNTLET_CHECK(threads > 0);
}

bool Recorder::add(std::size_t thread, const run::Snapshot& snapshot) {
  note_usage(thread, snapshot);
  auto& pending = pending_.at(thread);
  if (pending) {
    append(*pending, snapshot);
  } else {
    pending = snapshot;
  }
  if (!aligned() && !overlong()) return false;
  close_second();
  return true;
}

bool Recorder::finish() {
  if (std::ranges::none_of(pending_, [](const auto& p) { return p.has_value(); })) return false;
  close_second();
  return true;
}

void Recorder::note_usage(std::size_t thread, const run::Snapshot& snapshot) {
  if (snapshot.phase != measured_phase_ || snapshot.start < 0) return;
  auto& usage = usage_.at(thread);
  usage.wall += snapshot.end - snapshot.start;
  usage.cpu += snapshot.cpu;
  usage.run_queue_delay += snapshot.run_queue_delay;
}

// Threads hand over at the same whole seconds, give or take a turn of their loops.
bool Recorder::aligned() const {
  constexpr core::Nanos kApartMax = core::kSecond / 2;
  if (!pending_.front()) return false;
  return std::ranges::all_of(pending_, [&](const auto& p) {
    return p && std::abs(p->end - pending_.front()->end) < kApartMax;
  });
}

bool Recorder::overlong() const {
  return std::ranges::any_of(
      pending_, [](const auto& p) { return p && p->end - p->start > kSecondLengthMax; });
}

void Recorder::close_second() {
  std::optional<run::Snapshot> all;
  for (auto& pending : pending_) {
    if (!pending) continue;
    if (all) {
      all->merge(*pending);
    } else {
      all = std::move(*pending);
    }
    pending.reset();
  }
  seconds_.push_back(to_second(*all, offset_s_));
  histograms_.push_back(timed_histograms(seconds_.back(), all->latencies));
  for (std::uint32_t i = 0; i < all->operations.size(); ++i)
    operations_.push_back(timed_operation(seconds_.back(), i, all->operations[i]));
  while (auto minute = roll_up_.step(seconds_, histograms_, operations_, seconds_.back().t))
    minutes_.push_back(std::move(*minute));
  add_to_totals(all->counts, all->traffic, all->latencies, core::to_seconds(all->cpu));
}

void Recorder::add_to_totals(const run::Counts& counts, const run::Traffic& traffic,
                             const run::Latencies& latencies, double cpu_s) {
  totals_.counts.add(counts);
  totals_.traffic.add(traffic);
  totals_.response.merge(latencies.response);
  totals_.service.merge(latencies.service);
  totals_.send_lag.merge(latencies.send_lag);
  totals_.generator_cpu_s += cpu_s;
}

void Recorder::go_on(std::vector<run::Second> seconds, std::vector<run::TimedHistograms> histograms,
                     std::vector<run::TimedOperation> operations, double offset_s) {
  GAUNTLET_CHECK(seconds.size() == histograms.size());
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const auto latencies = decode(histograms[i]);
    GAUNTLET_CHECK(latencies.has_value());  // a reader has looked at it
    add_to_totals(seconds[i].counts, seconds[i].traffic, *latencies,
                  seconds[i].generator_cpu * seconds[i].length);
  }
  seconds_ = std::move(seconds);
  histograms_ = std::move(histograms);
  operations_ = std::move(operations);
  offset_s_ = offset_s;
}

void Recorder::fill(run::Record& record) const {
  record.seconds = seconds_;
  record.histograms = histograms_;
  record.operations = operations_;
  for (const auto& second : seconds_) {
    record.connections_peak = std::max(record.connections_peak, second.connections_ready);
  }
  note_threads(record.self_check);
}

void Recorder::note_threads(run::SelfCheck& check) const {
  for (const auto& usage : usage_) {
    if (usage.wall <= 0) continue;
    const auto share = [&](core::Nanos part) {
      return static_cast<double>(part) / static_cast<double>(usage.wall);
    };
    check.cpu_busiest_thread = std::max(check.cpu_busiest_thread, share(usage.cpu));
    check.run_queue_delay_share =
        std::max(check.run_queue_delay_share, share(usage.run_queue_delay));
  }
}

}  // namespace gauntlet::record
