#include "main/target_sampler.h"

#include <sys/resource.h>

#include <algorithm>

#include "core/proc.h"

namespace gauntlet::main {
namespace {

constexpr double kBytesPerMb = 1024.0 * 1024.0;
// The kernel walks all pages of the target for it: milliseconds of one core.
constexpr core::Nanos kProportionalInterval = 2 * core::kSecond;
// It lists every descriptor: milliseconds for 15,000 of them.
constexpr core::Nanos kHoldingsInterval = 5 * core::kSecond;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Of this process, ended threads included.
double own_cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

run::CoreSample core_sample(double t, std::span<const pid_t> target, std::span<const pid_t> own) {
  const core::ProcessTime time = core::process_time(target);
  const double idle_s = static_cast<double>(core::cpu_ticks().idle) / core::ticks_per_second();
  const double clock_s = core::to_seconds(core::monotonic_ns());
  return {.t = t,
          .target_cpu_s = core::to_seconds(time.cpu),
          .target_wait_s = core::to_seconds(time.run_queue_delay),
          .generator_cpu_s = own_cpu_s() + core::to_seconds(core::process_time(own).cpu),
          .idle_s = idle_s,
          .capacity_s = clock_s * core::online_cores()};
}

}  // namespace

void TargetSampler::tick(core::Nanos now, double t) {
  if (now < next_) return;
  next_ = now + core::kSecond;
  const std::vector<pid_t> roots = roots_();
  if (roots.empty()) return;
  had_roots_ = true;
  const std::vector<pid_t> tree = core::process_tree(roots);
  sample_holdings(now, t, tree);
  const auto bytes = core::resident_bytes(tree);
  if (!bytes) return;
  memory_.push_back({t, static_cast<double>(*bytes) / kBytesPerMb, proportional_mb(now, tree)});
  cores_.push_back(core_sample(t, tree, own_()));
}

void TargetSampler::go_on(const run::Record& before) {
  memory_ = before.memory;
  holdings_ = before.holdings;
  cores_ = before.cores;
  at_first_.assign(before.target.processes.begin(), before.target.processes.end());
}

void TargetSampler::sample_holdings(core::Nanos now, double t, const std::vector<pid_t>& tree) {
  if (now < next_holdings_) return;
  next_holdings_ = now + kHoldingsInterval;
  if (at_first_.empty()) at_first_ = tree;
  const auto gone = [&](pid_t pid) { return std::ranges::find(tree, pid) == tree.end(); };
  const core::ProcessHoldings held = core::process_holdings(tree);
  holdings_.push_back({.t = t,
                       .processes = tree.size(),
                       .ended = static_cast<std::uint64_t>(std::ranges::count_if(at_first_, gone)),
                       .descriptors = held.descriptors,
                       .threads = held.threads});
}

std::optional<double> TargetSampler::proportional_mb(core::Nanos now,
                                                     const std::vector<pid_t>& tree) {
  if (now < next_proportional_) return std::nullopt;
  next_proportional_ = now + kProportionalInterval;
  const auto bytes = core::proportional_bytes(tree);
  if (!bytes) return std::nullopt;
  return static_cast<double>(*bytes) / kBytesPerMb;
}

std::optional<double> TargetSampler::latest_mb() const {
  if (memory_.empty()) return std::nullopt;
  return memory_.back().resident_mb;
}

void TargetSampler::fill(run::Record& record) const {
  record.memory = memory_;
  record.holdings = holdings_;
  record.cores = cores_;
  if (!memory_.empty()) return;
  record.memory_reason = had_roots_ ? "the target's processes were gone before the first sample"
                                    : "the target's process cannot be seen from here";
}

}  // namespace gauntlet::main
