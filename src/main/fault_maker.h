// Fault maker: from a [[fault]] of a plan and what this run has to hit, the fault itself.
// What the target or the machine cannot be given is an error that says why, and the fault is
// skipped. Main thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chaos/fault.h"
#include "chaos/fault_spec.h"
#include "core/result.h"
#include "main/fault_proxy.h"
#include "main/own_server.h"
#include "main/spawned_server.h"
#include "run/plan.h"

namespace gauntlet::main {

// What there is to be hit, and with what.
struct FaultTarget {
  const OwnServer* server = nullptr;       // ours; null: another's
  const SpawnedServer* spawned = nullptr;  // another's, which we started; null: we did not
  const FaultProxy* proxy = nullptr;       // ours, before the target; null: there is none
  std::vector<pid_t> processes = {};       // whose descendants count too; none: they cannot be seen
  std::uint16_t port = 0;                  // 0: it is not reached over TCP
  std::uint32_t connections = 0;           // that the load opens
  chaos::FaultContext context = {};        // null: there is none
  std::string no_lab = {};                 // why there is no lab, where there is none
};

// Whether such a fault has to be undone by the warden where we cannot.
bool needs_warden(const run::Fault& fault);

// What a fault proxy does in its place, as a toxic (docs/proxy.md); "" where it can do nothing like
// it: it sees bytes and no packets, and does not tell groups of clients apart.
std::string toxic_for(const run::Fault& fault);
// Whether it is the fault proxy's to make: in the lab only what nothing else can.
bool goes_by_proxy(const run::Fault& fault, bool in_lab);

core::Result<std::unique_ptr<chaos::Fault>> make_fault(const run::Fault& fault,
                                                       const FaultTarget& target,
                                                       std::uint64_t seed);

}  // namespace gauntlet::main
