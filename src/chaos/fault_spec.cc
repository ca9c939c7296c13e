#include "chaos/fault_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chaos/disconnect_fault.h"
#include "chaos/process_fault.h"
#include "chaos/resource_fault.h"
#include "core/quantity.h"
#include "net/child.h"

namespace gauntlet::chaos {
namespace {

using Needs = FaultKind::Needs;
using Made = core::Result<std::unique_ptr<Fault>>;

constexpr std::string_view kPackets = "rule counters both ways, bytes passed";
constexpr std::string_view kLink = "the emulator's exact counts and delays";
constexpr std::string_view kGroup = "the control group's counts of refusals";
constexpr double kBurstLeave = 0.25;  // bursts of four packets on average
constexpr core::Nanos kReorderBy = 10 * core::kMillisecond;

constexpr std::array<FaultKind, 18> kKinds = {{
    {"crash", Needs::process, "", "", "wait status, new pids", true},
    {"pause", Needs::process, "", "", "state T in /proc"},
    {"disconnect", Needs::port, "connections, at random", "500", "TcpEstabResets, TcpOutRsts",
     true},
    {"partition", Needs::lab, "", "", kPackets},
    {"one-way", Needs::lab, "", "", kPackets},
    {"loss", Needs::lab, "of packets", "2%", kPackets},
    {"reset", Needs::lab, "", "", kPackets},
    {"delay", Needs::emulator, "added one way", "100ms", "emulator's delays, a side probe's RTT"},
    {"burst-loss", Needs::emulator, "of packets that begin a burst", "1%", kLink},
    {"reorder", Needs::emulator, "of packets, held back 10ms", "5%", kLink},
    {"duplicate", Needs::emulator, "of packets", "5%", kLink},
    {"rate", Needs::emulator, "bytes a second", "1MB", kLink},
    {"cpu", Needs::process, "of a core", "50%", kGroup},
    {"memory", Needs::process, "bytes", "64MB", kGroup},
    {"pids", Needs::process, "tasks", "10", kGroup},
    {"descriptors", Needs::process, "open files", "64", "limit and lowest free descriptor"},
    {"exec", Needs::order, "", "", "your command's exit code and output"},
    {"failpoint", Needs::order, "", "", "its hit counter"},
}};

Made make_packets(const FaultSpec& spec, Lab& lab) {
  PacketRule rule{.direction = spec.direction, .only_client = spec.only_client};
  if (spec.name == "one-way" && rule.direction == Direction::both)
    return core::usage_error("one-way needs a direction: to server or to load");
  if (spec.name == "reset") rule.effect = PacketRule::Effect::reset;
  if (spec.name == "loss") {
    const auto share = core::parse_ratio(spec.amount);
    if (!share) return std::unexpected(share.error());
    rule.effect = PacketRule::Effect::lose;
    rule.share = *share;
  }
  return std::make_unique<PacketFault>(lab, rule);
}

core::Result<LinkSettings> link_settings(const FaultSpec& spec) {
  LinkSettings settings;
  if (spec.name == "delay") {
    const auto delay = core::parse_duration(spec.amount);
    if (!delay) return std::unexpected(delay.error());
    settings.delay_ns = *delay;
    settings.jitter_ns = spec.jitter;
  } else if (spec.name == "rate") {
    const auto rate = core::parse_bytes(spec.amount);
    if (!rate) return std::unexpected(rate.error());
    if (*rate == 0) return core::usage_error("a rate of 0 would be no limit; use partition");
    settings.bytes_per_s = *rate;
  } else {
    const auto share = core::parse_ratio(spec.amount);
    if (!share) return std::unexpected(share.error());
    if (spec.name == "duplicate") settings.duplicate = *share;
    if (spec.name == "reorder") settings.reorder = *share;
    if (spec.name == "reorder") settings.reorder_by_ns = kReorderBy;
    if (spec.name == "burst-loss") settings.burst_enter = *share;
    if (spec.name == "burst-loss") settings.burst_leave = kBurstLeave;
  }
  return settings;
}

Made make_link(const FaultSpec& spec, LinkEmulator& emulator) {
  const auto settings = link_settings(spec);
  if (!settings) return std::unexpected(settings.error());
  LinkEffect effect{.only_client = spec.only_client, .seed = spec.seed};
  if (spec.direction != Direction::to_load) effect.to_server = *settings;
  if (spec.direction != Direction::to_server) effect.to_load = *settings;
  return std::make_unique<LinkFault>(emulator, effect);
}

Made make_group(const FaultSpec& spec, Warden& warden) {
  GroupLimit limit{spec.name == "cpu"      ? Resource::cpu
                   : spec.name == "memory" ? Resource::memory
                                           : Resource::tasks};
  const auto take = [&](const auto& parsed) -> core::Result<void> {
    if (!parsed) return std::unexpected(parsed.error());
    limit.amount = static_cast<double>(*parsed);
    return {};
  };
  const auto taken = spec.name == "cpu"      ? take(core::parse_ratio(spec.amount))
                     : spec.name == "memory" ? take(core::parse_bytes(spec.amount))
                                             : take(core::parse_count(spec.amount));
  if (!taken) return std::unexpected(taken.error());
  return std::make_unique<GroupFault>(warden, spec.processes, limit);
}

Made make_process(const FaultSpec& spec, const FaultContext& context) {
  if (spec.processes.pids.empty()) return core::usage_error(spec.name + " needs a process");
  if (spec.name == "crash") return std::make_unique<CrashFault>(spec.processes, spec.supervisor);
  if (spec.name == "pause") return std::make_unique<PauseFault>(*context.warden, spec.processes);
  if (spec.name != "descriptors") return make_group(spec, *context.warden);
  const auto limit = core::parse_count(spec.amount);
  if (!limit) return std::unexpected(limit.error());
  return std::make_unique<FilesFault>(*context.warden, spec.processes, *limit);
}

Made make_disconnect(const FaultSpec& spec) {
  const auto count = spec.amount.empty() ? 0 : core::parse_count(spec.amount);
  if (!count) return std::unexpected(count.error());
  return std::make_unique<DisconnectFault>(DisconnectTarget{
      .port = spec.port, .count = *count, .only_client = spec.only_client, .seed = spec.seed});
}

Made make_order(const FaultSpec& spec, Warden& warden) {
  if (spec.name == "exec") return std::make_unique<ExecFault>(warden, spec.commands);
  if (spec.failpoint.endpoint.empty() || spec.failpoint.order.empty())
    return core::usage_error("failpoint needs an address and an order");
  return std::make_unique<FailpointFault>(warden, spec.failpoint);
}

}  // namespace

std::span<const FaultKind> fault_kinds() { return kKinds; }

const FaultKind* find_fault_kind(std::string_view name) {
  const auto* kind = std::ranges::find(kKinds, name, &FaultKind::name);
  return kind == kKinds.end() ? nullptr : kind;
}

core::Result<std::unique_ptr<Fault>> make_fault(const FaultSpec& spec,
                                                const FaultContext& context) {
  const FaultKind* kind = find_fault_kind(spec.name);
  if (kind == nullptr) return core::usage_error("there is no fault '" + spec.name + "'");
  if (!kind->amount.empty() && spec.amount.empty() && kind->needs != Needs::port)
    return core::usage_error(fmt::format("{} needs an amount ({}), such as {}", kind->name,
                                         kind->amount, kind->example));
  switch (kind->needs) {
    case Needs::lab:
      if (context.lab == nullptr) return core::usage_error(spec.name + " needs the lab");
      return make_packets(spec, *context.lab);
    case Needs::emulator:
      if (context.emulator == nullptr)
        return core::usage_error(spec.name + " needs the lab's link emulator");
      return make_link(spec, *context.emulator);
    case Needs::port: return make_disconnect(spec);
    case Needs::process: return make_process(spec, context);
    case Needs::order: return make_order(spec, *context.warden);
  }
  return core::internal_error("unreachable");
}

namespace {

core::Result<void> probe_one(const FaultKind& kind, const FaultContext& context, pid_t victim) {
  FaultSpec spec{.name = std::string(kind.name), .amount = std::string(kind.example)};
  if (kind.name == "one-way") spec.direction = Direction::to_server;
  spec.processes.pids = {victim};
  spec.port = 1;
  const auto fault = make_fault(spec, context);
  return fault ? (*fault)->probe() : std::unexpected(fault.error());
}

core::Result<void> probe_in_lab(const FaultKind& kind) {
  const auto lab = Lab::enter({});
  if (!lab) return core::internal_error("no lab: " + lab.error().text);
  FaultContext context{.lab = lab->get()};
  if (kind.needs != Needs::emulator) return probe_one(kind, context, 0);
  const auto emulator = LinkEmulator::start(**lab);
  if (!emulator) return std::unexpected(emulator.error());
  context.emulator = emulator->get();
  return probe_one(kind, context, 0);
}

core::Result<void> probe_on_process(const FaultKind& kind) {
  auto warden = Warden::start();
  if (!warden) return std::unexpected(warden.error());
  const auto victim = net::Child::start({"sleep", "60"}, {});
  if (!victim) return std::unexpected(victim.error());
  return probe_one(kind, {.warden = &*warden}, victim->pid());
}

}  // namespace

core::Result<void> fault_works_here(const FaultKind& kind) {
  switch (kind.needs) {
    case Needs::lab:
    case Needs::emulator:
    case Needs::port: return Lab::try_apart([&] { return probe_in_lab(kind); });
    case Needs::process: return Lab::try_apart([&] { return probe_on_process(kind); });
    case Needs::order: return {};
  }
  return {};
}

}  // namespace gauntlet::chaos
