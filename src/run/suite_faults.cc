// The parts of a suite that say what goes wrong, and what its clients do about it.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "run/fault_kind.h"
#include "run/plan_bounds.h"
#include "run/suite_parts.h"

namespace gauntlet::run {

namespace {

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& kind : fault_kinds()) names.emplace_back(kind.name);
  return names;
}

// nullptr, and a complaint with all that there are, where there is no such kind.
const FaultKind* read_kind(TomlTable& fault) {
  fault.require("kind");
  const auto name = fault.text("kind", "disconnect");
  const auto* kind = find_fault_kind(name);
  if (kind == nullptr)
    fault.complain("kind", fmt::format("there is no kind `{}`; there are {}", name,
                                       fmt::join(kind_names(), ", ")));
  return kind;
}

std::string as_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return "";
}

void require_parameters(TomlTable& fault, const FaultKind& kind, const Parameters& parameters) {
  for (const auto& name : kind.required)
    if (std::ranges::find(parameters, name, &Parameters::value_type::first) == parameters.end())
      fault.complain("with", fmt::format("`{}` needs `{}`", kind.name, name));
}

Parameters read_parameters(TomlTable& fault, const FaultKind& kind) {
  const auto* node = fault.find("with");
  if (node == nullptr) return {};
  const auto* table = node->as_table();
  if (table == nullptr) {
    fault.complain("with", "has to be a table, { name = \"value\" }");
    return {};
  }
  Parameters parameters;
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    if (std::ranges::find(kind.parameters, name) == kind.parameters.end()) {
      fault.problems().report(
          value, fmt::format("`{}` does not take `{}`; it takes {}", kind.name, name,
                             kind.parameters.empty()
                                 ? std::string("nothing")
                                 : fmt::format("{}", fmt::join(kind.parameters, ", "))));
    }
    if (!value.is_value() || as_text(value).empty())
      fault.problems().report(value, fmt::format("`{}` has to be a text or a number", name));
    if (const auto wrong = wrong_parameter(kind, name, as_text(value)); !wrong.empty())
      fault.problems().report(value, fmt::format("`{}`: {}", name, wrong));
    parameters.emplace_back(name, as_text(value));
  }
  return parameters;
}

void read_how(TomlTable& fault, const FaultKind& kind, Fault& result) {
  if (!kind.hows.empty()) result.how = kind.hows.front();
  if (!fault.has("how")) return;
  result.how = fault.text("how", result.how);
  if (kind.hows.empty()) return fault.complain("how", fmt::format("`{}` has no `how`", kind.name));
  if (std::ranges::find(kind.hows, result.how) == kind.hows.end())
    fault.complain("how",
                   fmt::format("`{}` is not one of {}", result.how, fmt::join(kind.hows, ", ")));
}

void read_length(TomlTable& fault, const FaultKind& kind, Mode mode, Fault& result) {
  result.length = fault.duration_of(mode, "for", 0, {kPhaseMin, kPhaseMax});
  if (kind.lasts) return fault.require("for");
  if (fault.has("for"))
    fault.complain("for", fmt::format("`{}` is over as soon as it happened", kind.name));
}

// How often it happens; without `times`, as often as it begins before its phase ends.
void read_repetition(TomlTable& fault, const Phase& phase, Mode mode, Fault& result) {
  if (result.at >= phase.duration)
    return fault.complain("at", fmt::format("phase `{}` has ended by then", phase.name));
  if (!fault.has("every")) {
    if (fault.has("times")) fault.complain("times", "needs `every`");
    return;
  }
  result.every = fault.duration_of(mode, "every", core::kSecond, {kPhaseMin, kPhaseMax});
  if (result.every <= result.length)
    return fault.complain("every", "begins again before it has ended");
  const auto left = static_cast<std::uint64_t>(phase.duration - result.at - 1);
  const auto fitting = left / static_cast<std::uint64_t>(result.every) + 1;
  const auto times = fault.count("times", fitting, {1, kFaultTimesMax});
  if (times > fitting)
    fault.complain(
        "times", fmt::format("only {} of them begin before phase `{}` ends", fitting, phase.name));
  result.times = static_cast<std::uint32_t>(std::min(times, kFaultTimesMax));
}

void read_fault(const toml::table& table, TomlProblems& problems, Plan& plan) {
  TomlTable fault(table, "[[fault]]",
                  {"id", "kind", "phase", "at", "for", "every", "times", "share", "how", "with"},
                  problems);
  Fault result;
  result.id = read_new_name(fault, "id", plan.faults, &Fault::id);
  const auto* kind = read_kind(fault);
  if (kind == nullptr) return;
  result.kind = kind->name;
  fault.require("phase");
  result.phase = read_reference(fault, "phase", plan.phases, &Phase::name);
  result.at = fault.duration_of(plan.mode, "at", 0, {0, kPhaseMax});
  read_length(fault, *kind, plan.mode, result);
  const auto phase = std::ranges::find(plan.phases, result.phase, &Phase::name);
  if (phase != plan.phases.end()) read_repetition(fault, *phase, plan.mode, result);
  result.share = fault.ratio("share", result.share);
  if (fault.has("share") && !kind->partial)
    fault.complain("share", fmt::format("`{}` has no `share`", kind->name));
  read_how(fault, *kind, result);
  result.with = read_parameters(fault, *kind);
  require_parameters(fault, *kind, result.with);
  plan.faults.push_back(std::move(result));
}

Retry read_retry(TomlTable& client) {
  const auto text = client.choice("retry", "none", {"none", "backoff", "storm"});
  if (text == "backoff") return Retry::backoff;
  return text == "storm" ? Retry::storm : Retry::none;
}

void read_retries(TomlTable& client, Plan& plan) {
  ClientPlan& result = plan.load.client;
  result.retry = read_retry(client);
  result.retries =
      static_cast<std::uint32_t>(client.count("retries", result.retries, {1, kRetriesMax}));
  result.retry_budget = client.ratio("retry_budget", result.retry_budget);
  for (const std::string_view key : {"retries", "retry_budget"}) {
    if (client.has(key) && result.retry != Retry::backoff)
      client.complain(key, "needs retry = \"backoff\"");
  }
}

}  // namespace

void read_client(TomlTable& top, Plan& plan) {
  const auto* node = top.find("client");
  if (node == nullptr) return;
  if (!node->is_table()) return top.complain("client", "has to be a table, [client]");
  TomlTable client(*node->as_table(), "[client]",
                   {"heartbeat", "heartbeat_timeout", "tcp_user_timeout", "opening_timeout",
                    "reconnect_on_timeout", "reconnect_backoff", "retry", "retries", "retry_budget",
                    "attempt_timeout"},
                   top.problems());
  ClientPlan& result = plan.load.client;
  const Range<core::Nanos> beat{kHeartbeatMin, kHeartbeatMax};
  const Range<core::Nanos> limit{kTimeoutMin, kTimeoutMax};
  result.heartbeat = client.duration("heartbeat", result.heartbeat, beat);
  result.heartbeat_timeout = client.duration("heartbeat_timeout", result.heartbeat_timeout, beat);
  if (client.has("heartbeat_timeout") && result.heartbeat == 0)
    client.complain("heartbeat_timeout", "needs a `heartbeat`");
  result.tcp_user_timeout = client.duration("tcp_user_timeout", 0, limit);
  result.opening_timeout = client.duration("opening_timeout", 0, limit);
  result.attempt_timeout = client.duration("attempt_timeout", 0, limit);
  if (result.attempt_timeout > plan.load.timeout)
    client.complain("attempt_timeout", "is longer than the message's own, `timeout` in [load]");
  result.reconnect_on_timeout = client.flag("reconnect_on_timeout", false);
  const auto backoff = client.choice("reconnect_backoff", "jitter", {"jitter", "none"});
  result.backoff = backoff == "none" ? Backoff::none : Backoff::jitter;
  read_retries(client, plan);
}

void read_faults(TomlTable& top, Plan& plan) {
  for_each_table(top, "fault",
                 [&](const toml::table& table) { read_fault(table, top.problems(), plan); });
}

}  // namespace gauntlet::run
