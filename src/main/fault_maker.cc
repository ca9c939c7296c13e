#include "main/fault_maker.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "chaos/process_fault.h"
#include "chaos/worker_kill.h"
#include "core/check.h"
#include "core/proc.h"
#include "core/quantity.h"
#include "core/random.h"
#include "run/fault_kind.h"

namespace gauntlet::main {
namespace {

using Made = core::Result<std::unique_ptr<chaos::Fault>>;

constexpr const char* kForeign =
    "its workers cannot be told from here: only those of our own server, or of one that a command "
    "after `--` started";
constexpr const char* kNoProxy = "what a command says on stdio passes no proxy";
constexpr const char* kUnseen = "its processes cannot be seen from here";
constexpr const char* kNoFailpoints = "only our own server has failpoints";
constexpr const char* kOneAddress =
    "behind the fault proxy, which another fault needs, groups of clients have no address of their "
    "own";
constexpr const char* kNoPort = "the target is not reached over TCP";

std::string parameter(const run::Fault& fault, std::string_view name) {
  const auto found = std::ranges::find(fault.with, name, &run::Parameters::value_type::first);
  return found == fault.with.end() ? "" : found->second;
}

Made kill_worker(const FaultTarget& target, std::uint64_t seed) {
  const core::Random random(seed);
  if (target.server != nullptr)
    return std::make_unique<chaos::WorkerKill>(target.server->pid(), target.server->metrics(),
                                               random);
  if (target.spawned == nullptr) return core::usage_error(kForeign);
  const pid_t pid = target.spawned->pid();
  if (core::process_tree(std::array{pid}).size() > 1)
    return std::make_unique<chaos::WorkerKill>(pid, std::nullopt, random);
  return std::make_unique<chaos::CrashFault>(chaos::ProcessTarget{.pids = {pid}}, getpid());
}

Made crash(const run::Fault& fault, const FaultTarget& target, std::uint64_t seed) {
  if (fault.how == "worker") return kill_worker(target, seed);
  if (target.processes.empty()) return core::usage_error(kUnseen);
  return std::make_unique<chaos::CrashFault>(
      chaos::ProcessTarget{.pids = target.processes, .with_descendants = fault.how == "tree"},
      target.spawned != nullptr ? getpid() : 0);
}

core::Result<void> add_order(const FaultTarget& target, chaos::FaultSpec& spec) {
  if (target.server == nullptr || target.server->failpoints().empty())
    return core::usage_error(kNoFailpoints);
  spec.failpoint.endpoint = target.server->failpoints();
  spec.failpoint.token = target.server->failpoint_token();
  return {};
}

// Parameters were checked when the suite was read.
void add_parameters(const run::Fault& fault, chaos::FaultSpec& spec) {
  spec.amount = parameter(fault, "amount");
  spec.commands = {parameter(fault, "start"), parameter(fault, "evidence"),
                   parameter(fault, "stop")};
  spec.failpoint.order = parameter(fault, "order");
  if (const auto jitter = core::parse_duration(parameter(fault, "jitter"))) spec.jitter = *jitter;
  const auto toward = parameter(fault, run::kToward);
  if (toward == "server") spec.direction = chaos::Direction::to_server;
  if (toward == "load") spec.direction = chaos::Direction::to_load;
  if (const auto group = run::only_group(fault))
    spec.only_client = chaos::Lab::load_address(static_cast<int>(*group));
}

core::Result<void> add_target(const run::Fault& fault, const run::FaultKind& kind,
                              const FaultTarget& target, chaos::FaultSpec& spec) {
  if (kind.in_lab && target.context.lab == nullptr)
    return core::usage_error("it happens in the lab, and there is none: " + target.no_lab);
  if (run::only_group(fault) && target.proxy != nullptr) return core::usage_error(kOneAddress);
  if (kind.on_target && target.processes.empty()) return core::usage_error(kUnseen);
  spec.processes = {.pids = target.processes, .with_descendants = true};
  if (fault.kind == "failpoint") return add_order(target, spec);
  if (fault.kind != "sever") return {};
  if (target.port == 0) return core::usage_error(kNoPort);
  spec.name = "disconnect";
  spec.port = target.port;
  spec.amount = std::to_string(std::lround(std::max(1.0, fault.share * target.connections)));
  return {};
}

std::string latency_for(const run::Fault& fault) {
  const auto millis = [&](std::string_view name) {
    return core::parse_duration(parameter(fault, name)).value_or(0) / core::kMillisecond;
  };
  return fmt::format("latency:ms={},jitter={},stream=both", millis("amount"), millis("jitter"));
}

}  // namespace

std::string toxic_for(const run::Fault& fault) {
  if (fault.kind == "proxy") return parameter(fault, "toxic");
  if (run::only_group(fault)) return "";
  const auto toward = parameter(fault, run::kToward);
  const std::string_view stream = toward == "server" ? "upstream"
                                  : toward == "load" ? "downstream"
                                                     : "both";
  if (fault.kind == "partition" || fault.kind == "one-way")
    return fmt::format("timeout:stream={}", stream);
  if (fault.kind == "reset") return "down";
  if (fault.kind == "delay" && toward.empty()) return latency_for(fault);
  return "";
}

bool goes_by_proxy(const run::Fault& fault, bool in_lab) {
  return fault.kind == "proxy" || (!in_lab && !toxic_for(fault).empty());
}

bool needs_warden(const run::Fault& fault) {
  constexpr std::array<std::string_view, 7> kKinds = {"pause",  "exec", "failpoint",  "cpu",
                                                      "memory", "pids", "descriptors"};
  return std::ranges::find(kKinds, fault.kind) != kKinds.end();
}

Made make_fault(const run::Fault& fault, const FaultTarget& target, std::uint64_t seed) {
  if (fault.kind == "kill_worker") return kill_worker(target, seed);
  if (fault.kind == "crash") return crash(fault, target, seed);
  if (fault.kind == "proxy" && target.proxy == nullptr) return core::usage_error(kNoProxy);
  if (target.proxy != nullptr && goes_by_proxy(fault, target.context.lab != nullptr))
    return target.proxy->make(fmt::format("{:x}.{}", seed, fault.id), toxic_for(fault));
  if (needs_warden(fault) && target.context.warden == nullptr)
    return core::internal_error("the process that would take it back did not start");
  const auto* kind = run::find_fault_kind(fault.kind);
  GAUNTLET_CHECK(kind != nullptr);
  chaos::FaultSpec spec;
  spec.name = fault.kind;
  spec.seed = seed;
  add_parameters(fault, spec);
  if (auto added = add_target(fault, *kind, target, spec); !added)
    return std::unexpected(added.error());
  return chaos::make_fault(spec, target.context);
}

}  // namespace gauntlet::main
