// FaultKind: what a [[fault]] may ask for, by kind: which parameters it takes and whether it lasts.
// Whether this machine and this target can be given it is found out when the run starts
// (chaos/fault.h); what is not listed here is a mistake in the suite.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gauntlet::run {

struct FaultKind {
  enum class Amount : std::uint8_t { none, ratio, duration, bytes, count };

  std::string_view name;
  std::string_view meaning;                       // one line for the documentation
  bool lasts = false;                             // it needs `for`
  bool partial = false;                           // it hits a `share` of what there is
  bool in_lab = false;                            // it happens to packets, in the lab
  bool by_emulator = false;                       // by the lab's link emulator
  bool on_target = false;                         // it happens to the target's processes
  std::vector<std::string_view> hows = {};        // what `how` may be; none: it has no `how`
  std::vector<std::string_view> parameters = {};  // what `with` may hold
  std::vector<std::string_view> required = {};    // what of it has to be there
  Amount amount = Amount::none;                   // of what the parameter `amount` is
};

std::span<const FaultKind> fault_kinds();
const FaultKind* find_fault_kind(std::string_view name);  // nullptr: there is none

// Parameters of packet faults: "load" or "server", and a group of clients.
inline constexpr std::string_view kToward = "toward";
inline constexpr std::string_view kOnlyGroup = "only_group";  // 1 to kClientGroups

// Why the text is no value of that parameter; "" where it is.
std::string wrong_parameter(const FaultKind& kind, std::string_view name, std::string_view text);

}  // namespace gauntlet::run
