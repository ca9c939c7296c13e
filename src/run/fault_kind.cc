#include "run/fault_kind.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/quantity.h"
#include "run/snapshot.h"

namespace gauntlet::run {

namespace {

using Amount = FaultKind::Amount;
using Names = std::vector<std::string_view>;

FaultKind of_packets(std::string_view name, std::string_view meaning, Amount amount) {
  FaultKind kind{.name = name, .meaning = meaning, .lasts = true, .in_lab = true, .amount = amount};
  kind.parameters = {kToward, kOnlyGroup};
  if (amount == Amount::none) return kind;
  kind.parameters.emplace_back("amount");
  kind.required = {"amount"};
  return kind;
}

FaultKind of_link(std::string_view name, std::string_view meaning, Amount amount) {
  FaultKind kind = of_packets(name, meaning, amount);
  kind.by_emulator = true;
  return kind;
}

FaultKind of_resource(std::string_view name, std::string_view meaning, Amount amount) {
  return {.name = name,
          .meaning = meaning,
          .lasts = true,
          .on_target = true,
          .parameters = {"amount"},
          .required = {"amount"},
          .amount = amount};
}

void add_packets(std::vector<FaultKind>& all) {
  all.push_back(of_packets("partition", "no packet passes", Amount::none));
  all.push_back(of_packets("one-way", "no packet passes one way", Amount::none));
  all.back().required = {kToward};
  all.push_back(of_packets("loss", "a share of the packets is lost", Amount::ratio));
  all.push_back(of_packets("reset", "packets are answered with a reset", Amount::none));
  all.push_back(of_link("delay", "packets arrive later", Amount::duration));
  all.back().parameters.emplace_back("jitter");
  all.push_back(of_link("burst-loss", "packets are lost in bursts", Amount::ratio));
  all.push_back(of_link("reorder", "packets overtake each other", Amount::ratio));
  all.push_back(of_link("duplicate", "packets come twice", Amount::ratio));
  all.push_back(of_link("rate", "so many bytes a second pass", Amount::bytes));
}

std::vector<FaultKind> make_kinds() {
  std::vector<FaultKind> all = {
      {.name = "disconnect",
       .meaning = "clients lose their connections, by their own hand",
       .partial = true,
       .hows = {"mixed", "reset", "fin", "half_close", "abandon"}},
      {.name = "sever",
       .meaning = "the kernel ends connections that neither side has ended",
       .partial = true},
      {.name = "kill_worker",
       .meaning = "one worker of our own server, or of a spawned one, is killed"},
      {.name = "crash",
       .meaning = "processes of the target are killed",
       .on_target = true,
       .hows = {"worker", "supervisor", "tree"}},
      {.name = "pause",
       .meaning = "all processes of the target stand still",
       .lasts = true,
       .on_target = true},
      {.name = "exec",
       .meaning = "commands of the user begin, show and end it",
       .lasts = true,
       .parameters = {"start", "evidence", "stop"}},
      {.name = "proxy",
       .meaning = "our fault proxy before the target does something to bytes or messages",
       .lasts = true,
       .parameters = {"toxic"},
       .required = {"toxic"}},
      {.name = "failpoint",
       .meaning = "our own server is told to be slow, to fail, or to lose its registry",
       .lasts = true,
       .parameters = {"order"},
       .required = {"order"}}};
  add_packets(all);
  all.push_back(of_resource("cpu", "the target gets a part of a core", Amount::ratio));
  all.push_back(of_resource("memory", "the target gets so much memory", Amount::bytes));
  all.push_back(of_resource("pids", "the target may have so many tasks", Amount::count));
  all.push_back(of_resource("descriptors", "the target may open so many files", Amount::count));
  return all;
}

template <typename T>
std::string why(const core::Result<T>& parsed) {
  return parsed ? "" : parsed.error().text;
}

std::string wrong_amount(Amount amount, std::string_view text) {
  switch (amount) {
    case Amount::none: return "";
    case Amount::ratio: return why(core::parse_ratio(text));
    case Amount::duration: return why(core::parse_duration(text));
    case Amount::bytes: return why(core::parse_bytes(text));
    case Amount::count: return why(core::parse_count(text));
  }
  return "";
}

}  // namespace

std::span<const FaultKind> fault_kinds() {
  static const std::vector<FaultKind> kKinds = make_kinds();
  return kKinds;
}

const FaultKind* find_fault_kind(std::string_view name) {
  const auto found = std::ranges::find(fault_kinds(), name, &FaultKind::name);
  return found == fault_kinds().end() ? nullptr : &*found;
}

std::string wrong_parameter(const FaultKind& kind, std::string_view name, std::string_view text) {
  if (name == "amount") return wrong_amount(kind.amount, text);
  if (name == "jitter") return why(core::parse_duration(text));
  if (name == kToward && text != "server" && text != "load")
    return fmt::format("`{}` is neither server nor load", text);
  const auto group = name == kOnlyGroup ? core::parse_count(text) : 1;
  if (!group || *group < 1 || *group > kClientGroups)
    return fmt::format("has to be a number from 1 to {}", kClientGroups);
  return "";
}

}  // namespace gauntlet::run
