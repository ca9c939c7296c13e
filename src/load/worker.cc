#include "load/worker.h"

#include <sys/prctl.h>

#include <algorithm>
#include <cstdio>
#include <tuple>

namespace gauntlet::load {
namespace {

constexpr core::Nanos kSweepInterval = 10 * core::kMillisecond;
// Bursts sent per turn before the loop reads again, so that a late schedule cannot starve it.
constexpr int kBurstsPerTurnMax = 1024;
// Where this thread itself did not look for longer, it knows nothing of a pause of the target's.
constexpr core::Nanos kUnwatchedMax = 50 * core::kMillisecond;
// After the end of the load, what came due before it is sent for at most this long.
constexpr core::Nanos kLateSendsMax = core::kSecond;

// Nanoseconds that the calling thread was ready to run but did not (second field of schedstat).
core::Nanos run_queue_delay() {
  std::FILE* file = std::fopen("/proc/thread-self/schedstat", "re");
  if (file == nullptr) return 0;
  long long running = 0, waiting = 0;
  const int fields = std::fscanf(file, "%lld %lld", &running, &waiting);
  std::fclose(file);
  return fields == 2 ? waiting : 0;
}

}  // namespace

Worker::Worker(const run::Plan& plan, const Target& target,
               const std::vector<RequestTemplate>& operations, WorkerShare share, net::Io io)
    : plan_(plan),
      target_(target),
      operations_(operations),
      share_(share),
      random_(core::Random(plan.seed).fork(share.index)),
      loop_(net::make_loop(io)),
      tally_(plan.phases.size(), plan.load.mix.size()),
      is_touched_(share.count) {
  for (std::size_t i = 0; i < plan.phases.size(); ++i)
    phase_ends_.push_back(run::phase_start(plan, i + 1));
  plan_faults();
  plan_stretches();
  double total = 0, sum = 0;
  for (const auto& operation : plan.load.mix) total += operation.weight;
  for (const auto& operation : plan.load.mix)
    operation_thresholds_.push_back((sum += operation.weight) / total);
}

// What the clients do themselves; all other faults are nothing that a load thread knows of.
void Worker::plan_faults() {
  for (const auto& fault : plan_.faults) {
    if (fault.kind != "disconnect") continue;
    const auto starts = run::fault_starts(plan_, fault);
    for (std::size_t i = 0; i < starts.size(); ++i)
      planned_.push_back({starts[i], &fault, static_cast<std::uint32_t>(i)});
  }
  // Faults lie in one vector, so among those of the same time its order counts.
  std::ranges::sort(planned_, [](const PlannedFault& a, const PlannedFault& b) {
    return std::tie(a.at, a.fault) < std::tie(b.at, b.fault);
  });
}

void Worker::plan_stretches() {
  for (std::size_t i = 0; i < plan_.phases.size(); ++i) {
    const double factor = plan_.phases[i].rate_factor;
    if (stretches_.empty() || stretches_.back().rate_factor != factor)
      stretches_.push_back({0, factor});
    stretches_.back().end = phase_ends_[i];
  }
}

void Worker::begin_stretch(core::Nanos begin) {
  const double rate =
      plan_.load.rate * stretches_[stretch_].rate_factor * share_.count / plan_.load.connections;
  schedule_.emplace(plan_.load.arrivals, rate, plan_.load.burst, share_.count, begin,
                    static_cast<double>(share_.index) / share_.threads, random_.fork(2 + stretch_));
}

void Worker::run() {
  prctl(PR_SET_TIMERSLACK, 1);  // the default of 50 us would show in every send
  prctl(PR_SET_NAME, share_.name);
  std::uint64_t salt_seed = plan_.seed;
  Clients clients({.target = target_,
                   .plan = plan_,
                   .operations = operations_,
                   .coder = NonceCoder(core::split_mix_64(salt_seed)),
                   .first = share_.first,
                   .count = share_.count,
                   .measured_phase = run::measured_phase(plan_)},
                  *loop_, tally_, random_.fork(1));
  open_connections(clients);
  if (start_ != 0) {
    drive(clients);
    drain(clients);
    if (!stop_.load(std::memory_order_relaxed)) clients.give_up_all();
    end_second(clients, core::monotonic_ns());
  }
  outcomes_ = clients.outcomes();
  unmatched_answers_ = clients.unmatched_answers();
  outages_ = clients.outages(start_);
  if (!faults_.empty()) clients.note_reconnections(faults_.back(), start_);
  clients.close_all();
  finished_.store(true, std::memory_order_release);
}

// Until the main thread says when the load begins (or to stop).
void Worker::open_connections(Clients& clients) {
  const core::Nanos ramp_start = core::monotonic_ns();
  std::uint32_t opened = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    const core::Nanos now = core::monotonic_ns();
    const double elapsed = plan_.load.ramp > 0 ? static_cast<double>(now - ramp_start) /
                                                     static_cast<double>(plan_.load.ramp)
                                               : 1.0;
    const auto due =
        static_cast<std::uint32_t>(std::min(1.0, elapsed) * static_cast<double>(clients.count()));
    while (opened < due) clients.open(opened++);
    clients.sweep(now);
    publish(clients);
    start_ = load_start_.load(std::memory_order_acquire);
    if (start_ != 0 && now >= start_) return;
    loop_->turn(now + (opened < clients.count() ? core::kMillisecond : kSweepInterval));
  }
  start_ = 0;
}

void Worker::drive(Clients& clients) {
  const core::Nanos end = load_end();
  if (plan_.load.arrivals != run::Arrivals::closed) begin_stretch(start_);
  second_start_ = core::monotonic_ns();
  next_second_ = second_start_ + core::kSecond;
  cpu_before_ = core::thread_cpu_ns();
  queue_delay_before_ = run_queue_delay();
  // Bytes moved while connections opened belong to no second.
  tally_.second().traffic = {};
  for (core::Nanos now = core::monotonic_ns(); now < end; now = core::monotonic_ns()) {
    if (stop_.load(std::memory_order_relaxed)) break;
    if (schedule_)
      fire_due(clients, now);
    else
      fire_idle(clients, now);
    start_faults(clients, now);
    if (now >= next_sweep_) {
      clients.sweep(now);
      next_sweep_ = now + kSweepInterval;
    }
    if (now >= next_second_) end_second(clients, now);
    loop_->turn(std::min(end, next_wake(now)));
    watch_answers(clients);
  }
}

// A pause of the target: nothing came on any connection, although answers were due all the while.
void Worker::watch_answers(const Clients& clients) {
  const core::Nanos now = core::monotonic_ns();
  run::Snapshot& second = tally_.second();
  const bool watched = now - watched_at_ <= kUnwatchedMax;
  if (watched && now - silent_since_ > second.pause_end - second.pause_start) {
    second.pause_start = silent_since_ - start_;
    second.pause_end = now - start_;
  }
  const bool heard = second.traffic.reads != reads_seen_;
  if (heard || !watched || clients.outstanding() == 0) silent_since_ = now;
  reads_seen_ = second.traffic.reads;
  watched_at_ = now;
}

core::Nanos Worker::next_wake(core::Nanos now) const {
  core::Nanos wake = std::min(next_sweep_, next_second_);
  if (schedule_) wake = std::min(wake, std::min(schedule_->next().due, stretch_end()));
  if (next_fault_ < planned_.size()) wake = std::min(wake, start_ + planned_[next_fault_].at);
  return std::max(wake, now);
}

// Goes on to the stretch in which the next call is due; the last one stays.
void Worker::pass_stretches() {
  while (schedule_->next().due >= stretch_end() && stretch_ + 1 < stretches_.size()) {
    const core::Nanos begin = stretch_end();
    ++stretch_;
    begin_stretch(begin);
  }
}

void Worker::fire_due(Clients& clients, core::Nanos now) {
  if (now >= stretch_end()) pass_stretches();
  const core::Nanos end = stretch_end();
  for (int i = 0; i < kBurstsPerTurnMax; ++i) {
    const Arrival& next = schedule_->next();
    if (next.due > now || next.due >= end) break;
    dispatch(clients, next.client, next.due, now);
    schedule_->advance();
  }
  for (const std::uint32_t client : touched_) {
    is_touched_[client] = false;
    clients.send_queued(client);
  }
  touched_.clear();
}

// Closed loop: a client that waits for nothing sends its next burst now.
void Worker::fire_idle(Clients& clients, core::Nanos now) {
  for (const std::uint32_t client : clients.take_idle()) {
    if (!clients.is_idle(client)) continue;
    dispatch(clients, client, now, now);
    clients.send_queued(client);
  }
  for (const std::uint32_t client : touched_) is_touched_[client] = false;
  touched_.clear();
}

void Worker::dispatch(Clients& clients, std::uint32_t client, core::Nanos intended,
                      core::Nanos now) {
  const std::size_t phase = phase_at(intended - start_);
  tally_.scheduled(phase, plan_.load.burst);
  tally_.dispatched(phase, now - intended, plan_.load.burst);
  for (std::uint32_t b = 0; b < plan_.load.burst; ++b)
    clients.enqueue(client, intended, phase, draw_operation());
  if (is_touched_[client]) return;
  is_touched_[client] = true;
  touched_.push_back(client);
}

// What came due and was not even begun when the load ended: the generator's own failure, which
// self-check sees as scheduled but not dispatched.
void Worker::count_missed() {
  const core::Nanos until = std::min(load_end(), core::monotonic_ns());
  for (pass_stretches(); schedule_->next().due < until; schedule_->advance(), pass_stretches()) {
    const std::size_t phase = phase_at(schedule_->next().due - start_);
    tally_.scheduled(phase, plan_.load.burst);
    for (std::uint32_t b = 0; b < plan_.load.burst; ++b)
      tally_.failed(phase, run::ErrorClass::unsent);
  }
}

// What came due at the very end is still sent, late as it is, for a bounded time; then everything
// sent gets its answer or its time-out.
void Worker::drain(Clients& clients) {
  const core::Nanos begin = core::monotonic_ns();
  const core::Nanos limit = begin + plan_.load.timeout + kLateSendsMax;
  bool sending = schedule_.has_value();
  while (!stop_.load(std::memory_order_relaxed)) {
    const core::Nanos now = core::monotonic_ns();
    if (sending) {
      fire_due(clients, now);
      pass_stretches();
      sending = schedule_->next().due < load_end() && now < begin + kLateSendsMax;
    }
    if ((!sending && clients.outstanding() == 0) || now >= limit) break;
    clients.sweep(now);
    if (now >= next_second_) end_second(clients, now);
    loop_->turn(sending ? now : now + kSweepInterval);
  }
  if (schedule_) count_missed();
}

std::size_t Worker::phase_at(core::Nanos since_start) {
  while (phase_ + 1 < phase_ends_.size() && since_start >= phase_ends_[phase_]) ++phase_;
  return phase_;
}

std::uint8_t Worker::draw_operation() {
  if (operation_thresholds_.size() == 1) return 0;
  const double drawn = random_.uniform();
  std::size_t i = 0;
  while (i + 1 < operation_thresholds_.size() && drawn >= operation_thresholds_[i]) ++i;
  return static_cast<std::uint8_t>(i);
}

void Worker::start_faults(Clients& clients, core::Nanos now) {
  while (next_fault_ < planned_.size() && start_ + planned_[next_fault_].at <= now) {
    // Whoever is not back from the last fault by now counts as not reconnected from it.
    if (!faults_.empty()) clients.note_reconnections(faults_.back(), start_);
    const PlannedFault& planned = planned_[next_fault_++];
    faults_.push_back(clients.disconnect(*planned.fault, start_));
    faults_.back().occurrence = planned.occurrence;
  }
}

void Worker::publish(const Clients& clients) {
  ready_.store(clients.ready(), std::memory_order_relaxed);
}

void Worker::end_second(Clients& clients, core::Nanos now) {
  publish(clients);
  if (target_.is_stdio()) {
    const std::scoped_lock lock(pids_mutex_);
    pids_ = clients.child_pids();
  }
  run::Snapshot& second = tally_.second();
  const core::Nanos cpu = core::thread_cpu_ns();
  const core::Nanos delay = run_queue_delay();
  second.start = second_start_ - start_;
  second.end = now - start_;
  second.phase = static_cast<std::uint32_t>(std::ranges::upper_bound(phase_ends_, second.end - 1) -
                                            phase_ends_.begin());
  second.phase = std::min(second.phase, static_cast<std::uint32_t>(phase_ends_.size() - 1));
  second.connections_ready = clients.ready();
  second.outstanding = clients.outstanding();
  second.victims_waiting = clients.victims_waiting();
  second.cpu = cpu - cpu_before_;
  second.run_queue_delay = delay - queue_delay_before_;
  next_second_ = now + core::kSecond;
  const core::Nanos signal = second.first_signal;  // monotonic so far
  if (signal != 0) second.first_signal = std::max<core::Nanos>(signal - start_, 1);
  if (!tally_.hand_over()) {  // the main thread is late: this second goes on
    second.first_signal = signal;
    return;
  }
  cpu_before_ = cpu;
  queue_delay_before_ = delay;
  second_start_ = now;
  reads_seen_ = 0;
}

std::vector<pid_t> Worker::child_pids() const {
  const std::scoped_lock lock(pids_mutex_);
  return pids_;
}

}  // namespace gauntlet::load
