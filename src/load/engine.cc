#include "load/engine.h"

#include <algorithm>

namespace gauntlet::load {
namespace {

// Between begin() and the first intended send: long enough for every thread to see it.
constexpr core::Nanos kStartDelay = 50 * core::kMillisecond;
constexpr const char* kProbeOfStdio = "each connection is a server of its own";
constexpr const char* kProbeNotWanted = "the plan wants none";

}  // namespace

std::vector<RequestTemplate> prepare_operations(const run::Plan& plan, const Target& target) {
  std::vector<RequestTemplate> operations;
  for (const auto& operation : plan.load.mix)
    operations.emplace_back(
        target, operation.method == "tools/call"
                    ? mcp::tool_call(target.revision, operation.tool, operation.arguments)
                    : mcp::plain_request(target.revision, operation.method));
  return operations;
}

std::uint32_t Engine::default_threads() {
  const unsigned cores = std::thread::hardware_concurrency();
  return cores > 2 ? cores - 1 : 1;
}

Engine::Engine(const run::Plan& plan, const Target& target, net::Io io)
    : plan_(plan), target_(target), operations_(prepare_operations(plan, target)) {
  const std::uint32_t wanted = plan.load.threads > 0 ? plan.load.threads : default_threads();
  const std::uint32_t threads = std::min(wanted, plan.load.connections);
  std::uint32_t first = 0;
  for (std::uint32_t i = 0; i < threads; ++i) {
    const std::uint32_t count =
        plan.load.connections / threads + (i < plan.load.connections % threads ? 1 : 0);
    workers_.push_back(std::make_unique<Worker>(plan_, target_, operations_,
                                                WorkerShare{i, threads, first, count}, io));
    first += count;
  }
  for (auto& worker : workers_) threads_.emplace_back([&worker] { worker->run(); });
  if (plan.load.probe && !target.is_stdio())
    probe_ = std::make_unique<ProbeClient>(plan_, target_, operations_, io);
}

Engine::~Engine() {
  stop();
  join();
}

std::uint64_t Engine::ready() const {
  std::uint64_t total = 0;
  for (const auto& worker : workers_) total += worker->ready();
  return total;
}

void Engine::begin() {
  load_start_ = core::monotonic_ns() + kStartDelay;
  for (auto& worker : workers_) worker->begin(load_start_);
  if (probe_) probe_->begin(load_start_);
}

void Engine::stop() {
  for (auto& worker : workers_) worker->stop();
  if (probe_) probe_->stop();
}

bool Engine::finished() const {
  return std::ranges::all_of(workers_, [](const auto& worker) { return worker->finished(); }) &&
         (!probe_ || probe_->finished());
}

std::vector<pid_t> Engine::child_pids() const {
  std::vector<pid_t> pids;
  for (const auto& worker : workers_)
    for (const pid_t pid : worker->child_pids()) pids.push_back(pid);
  return pids;
}

void Engine::join() {
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Engine::finish_into(run::Record& record) {
  join();
  record.phases.resize(plan_.phases.size());
  for (const auto& worker : workers_) {
    for (std::size_t i = 0; i < record.phases.size(); ++i)
      record.phases[i].merge(worker->tally().phases()[i]);
    const auto& outcomes = worker->outcomes();
    record.clients.insert(record.clients.end(), outcomes.begin(), outcomes.end());
    record.outages.insert(record.outages.end(), worker->outages().begin(), worker->outages().end());
    record.unmatched_answers += worker->unmatched_answers();
    const auto& faults = worker->faults();
    for (std::size_t i = 0; i < faults.size(); ++i) {
      if (i < record.faults.size())
        record.faults[i].merge(faults[i]);
      else
        record.faults.push_back(faults[i]);
    }
  }
  record.probe =
      probe_ ? probe_->take_record()
             : run::ProbeRecord{.none_because = plan_.load.probe ? kProbeOfStdio : kProbeNotWanted};
  // "Verified by nonce" is claimed only where every tool call had to carry its own.
  record.nonce_verified = true;
  for (const auto& operation : operations_)
    if (operation.method() == "tools/call" && !operation.has_nonce()) record.nonce_verified = false;
}

}  // namespace gauntlet::load
