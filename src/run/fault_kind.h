// FaultKind: what a [[fault]] may ask for, by kind: which parameters it takes and whether it lasts.
// Whether this machine and this target can be given it is found out when the run starts
// (chaos/fault.h); what is not listed here is a mistake in the suite.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gauntlet::run {

struct FaultKind {
  std::string_view name;
  std::string_view meaning;                       // one line for the documentation
  bool lasts = false;                             // it needs `for`
  bool partial = false;                           // it hits a `share` of what there is
  std::vector<std::string_view> hows = {};        // what `how` may be; none: it has no `how`
  std::vector<std::string_view> parameters = {};  // what `with` may hold
};

std::span<const FaultKind> fault_kinds();
const FaultKind* find_fault_kind(std::string_view name);  // nullptr: there is none

}  // namespace gauntlet::run
