#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <optional>
#include <thread>

#include "chaos/fault_spec.h"
#include "core/quantity.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "main/fault_options.h"
#include "main/interrupt.h"
#include "net/child.h"

namespace gauntlet::main {
namespace {

using Needs = chaos::FaultKind::Needs;

constexpr int kExitNoEvidence = 4;
constexpr core::Nanos kInstantPatience = 2 * core::kSecond;  // for evidence of what is over at once
constexpr core::Nanos kCleanPatience = 5 * core::kSecond;
constexpr core::Nanos kServerGrace = 2 * core::kSecond;
constexpr core::Nanos kCommandLead = core::kSecond;  // of the command, before what is over at once
constexpr auto kPause = std::chrono::milliseconds(20);

bool needs_lab(const chaos::FaultKind& kind) {
  return kind.needs == Needs::lab || kind.needs == Needs::emulator;
}

int list_faults() {
  fmt::print("{:<12} {:<34} {:<40} {}\n", "fault", "amount", "evidence", "works here");
  for (const auto& kind : chaos::fault_kinds()) {
    const auto works = chaos::fault_works_here(kind);
    std::string answer = works ? "yes" : "no: " + works.error().text;
    if (works && needs_lab(kind)) answer = "yes, in the lab";
    if (works && kind.needs == Needs::port) answer = "yes, in the lab or as root";
    if (kind.name == "failpoint") answer = "yes, with gauntlet serve --failpoints";
    const std::string amount =
        kind.amount.empty() ? "" : fmt::format("{}: {}", kind.example, kind.amount);
    fmt::print("{:<12} {:<34} {:<40} {}\n", kind.name, amount, kind.evidence, answer);
  }
  return kExitOk;
}

std::optional<pid_t> parse_pid(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid <= 1) return std::nullopt;
  return pid;
}

core::Result<void> take_target(const std::string& text, chaos::FaultSpec& spec) {
  if (text.empty()) return {};
  const std::string rest = text.substr(text.find(':') + 1);
  if (text.starts_with("tcp:")) {
    const auto endpoint = net::Endpoint::parse(rest);
    if (!endpoint) return core::usage_error("--target: " + endpoint.error().text);
    spec.port = endpoint->port();
    return {};
  }
  const auto pid = parse_pid(rest);
  if (!pid || !(text.starts_with("pid:") || text.starts_with("tree:")))
    return core::usage_error("--target must be pid:N, tree:N or tcp:HOST:PORT, not '" + text + "'");
  spec.processes = {.pids = {*pid}, .with_descendants = text.starts_with("tree:")};
  return {};
}

core::Result<chaos::FaultSpec> spec_of(const FaultOptions& options) {
  chaos::FaultSpec spec{.name = options.name, .amount = options.amount};
  spec.seed = options.seed;
  spec.commands = {options.start, options.evidence, options.stop};
  spec.failpoint = {options.address, options.token, options.order};
  if (options.toward == "server") spec.direction = chaos::Direction::to_server;
  if (options.toward == "load") spec.direction = chaos::Direction::to_load;
  if (!options.jitter.empty()) {
    const auto jitter = core::parse_duration(options.jitter);
    if (!jitter) return core::usage_error("--jitter: " + jitter.error().text);
    spec.jitter = *jitter;
  }
  if (auto taken = take_target(options.target, spec); !taken) return std::unexpected(taken.error());
  return spec;
}

void print_facts(const chaos::Evidence& evidence) {
  fmt::print("evidence     {}\n", evidence.shown ? "the fault had its effect" : "none");
  for (const auto& [name, value] : evidence.facts) fmt::print("  {:<32} {}\n", name, value);
}

// Repeats it until it is true, or `length` or the user's patience is over.
template <typename Condition>
bool wait_until(core::Nanos length, const Interrupt& interrupt, Condition condition) {
  const core::Nanos end = core::monotonic_ns() + length;
  for (;;) {
    if (condition()) return true;
    if (core::monotonic_ns() >= end || interrupt.requested()) return false;
    std::this_thread::sleep_for(kPause);
  }
}

// Everything but the fault that one by hand needs.
struct Surroundings {
  std::optional<chaos::Warden> warden;
  std::unique_ptr<chaos::Lab> lab;
  std::unique_ptr<chaos::LinkEmulator> emulator;
  std::optional<net::Child> server, command;
  bool with_command = false;

  chaos::FaultContext context() { return {&*warden, lab.get(), emulator.get()}; }

  core::Result<void> prepare(const chaos::FaultKind& kind, const FaultOptions& options) {
    auto started = chaos::Warden::start();
    if (!started) return std::unexpected(started.error());
    warden.emplace(std::move(*started));
    if (options.command.empty()) {
      if (!needs_lab(kind)) return {};
      return core::usage_error(
          fmt::format("{0} happens in the lab, which only what is started there is in: gauntlet "
                      "fault {0} … --server 'COMMAND' -- COMMAND …",
                      kind.name));
    }
    with_command = true;
    auto entered = chaos::Lab::enter({});
    if (!entered) return core::internal_error("no lab here: " + entered.error().text);
    lab = std::move(*entered);
    if (kind.needs == Needs::emulator) {
      auto emulating = chaos::LinkEmulator::start(*lab);
      if (!emulating) return std::unexpected(emulating.error());
      emulator = std::move(*emulating);
    }
    return start_server(options.server);
  }

  core::Result<void> start_server(const std::string& text) {
    if (text.empty()) return {};
    auto child = net::Child::start({"sh", "-c", text}, {.inside = &lab->server()});
    if (!child) return std::unexpected(child.error());
    server.emplace(std::move(*child));
    return {};
  }

  core::Result<void> start_command(const std::vector<std::string>& argv) {
    if (!with_command) return {};
    auto child = net::Child::start(argv, {});
    if (!child) return std::unexpected(child.error());
    command.emplace(std::move(*child));
    return {};
  }
};

core::Result<bool> apply(chaos::Fault& fault, const chaos::FaultKind& kind, core::Nanos length,
                         Surroundings& around, const FaultOptions& options) {
  const Interrupt interrupt;
  if (auto may = fault.probe(); !may) return std::unexpected(may.error());
  if (auto armed = fault.arm(length); !armed) return std::unexpected(armed.error());
  if (kind.instant)
    if (auto started = around.start_command(options.command); !started)
      return std::unexpected(started.error());
  if (around.command) wait_until(kCommandLead, interrupt, [] { return false; });
  if (auto started = fault.start(); !started) return std::unexpected(started.error());
  fmt::print("started      {}\n", kind.name);
  std::fflush(stdout);
  if (!kind.instant)
    if (auto started = around.start_command(options.command); !started)
      return std::unexpected(started.error());
  if (kind.instant && !around.command) {
    wait_until(kInstantPatience, interrupt, [&] { return fault.evidence().shown; });
  } else {
    wait_until(length, interrupt, [&] {
      fault.evidence();  // some of it can only be seen while it lasts
      return around.command && around.command->poll_exit();
    });
  }
  const chaos::Evidence evidence = fault.evidence();
  if (auto stopped = fault.stop(); !stopped) return std::unexpected(stopped.error());
  print_facts(evidence);
  core::Result<void> clean;
  wait_until(kCleanPatience, interrupt, [&] { return (clean = fault.verify_clean()).has_value(); });
  if (!clean) return std::unexpected(clean.error());
  fmt::print("clean        {}\n", kind.instant ? "it was over at once" : "nothing is left of it");
  if (around.command) around.command->stop(kServerGrace);
  if (around.server) around.server->stop(kServerGrace);
  return evidence.shown;
}

}  // namespace

void declare_fault_options(CLI::App& app, FaultOptions& options) {
  app.add_option("name", options.name, "`list`, or one that it lists")->required();
  app.add_option("--for", options.length, "how long; default: 30s");
  app.add_option("--amount", options.amount, "how much; `list` says of what");
  app.add_option("--target", options.target, "pid:N, tree:N (with all below it) or tcp:HOST:PORT");
  app.add_option("--jitter", options.jitter, "delay: more or less, at random");
  app.add_option("--toward", options.toward, "which packets, in the lab: server, load or both")
      ->check(CLI::IsMember({"server", "load", "both"}));
  app.add_option("--server", options.server, "shell command to run as the lab's server");
  app.add_option("--start", options.start, "exec: the command that starts it");
  app.add_option("--evidence", options.evidence, "exec: exits with 0 while it has its effect");
  app.add_option("--stop", options.stop, "exec: the command that ends it");
  app.add_option("--at", options.address, "failpoint: unix:PATH or HOST:PORT");
  app.add_option("--token", options.token, "failpoint: what the server was started with");
  app.add_option("--order", options.order, "failpoint: such as handler-delay?ms=200");
  app.add_option("--seed", options.seed, "of what is drawn at random; default: 1");
}

int fault_command(const FaultOptions& options) {
  if (options.name == "list") return list_faults();
  const auto* kind = chaos::find_fault_kind(options.name);
  if (kind == nullptr)
    return complain({core::ErrorKind::usage,
                     "there is no fault '" + options.name + "'; see gauntlet fault list"});
  const auto length = core::parse_duration(options.length);
  if (!length) return complain({core::ErrorKind::usage, "--for: " + length.error().text});
  auto spec = spec_of(options);
  if (!spec) return complain(spec.error());
  Surroundings around;
  if (auto prepared = around.prepare(*kind, options); !prepared) return complain(prepared.error());
  if (spec->processes.pids.empty() && around.server)
    spec->processes = {.pids = {around.server->pid()}, .with_descendants = true};
  auto fault = chaos::make_fault(*spec, around.context());
  if (!fault) return complain(fault.error());
  const auto shown = apply(**fault, *kind, *length, around, options);
  if (!shown) return complain(shown.error());
  return *shown ? kExitOk : kExitNoEvidence;
}

}  // namespace gauntlet::main
