// FaultTimeline: the faults of a plan that the main thread brings about while the load runs: those
// of the target's processes, and those of the user's commands. (Those that cut connections belong
// to the load's threads.) A fault that this target cannot be given is skipped, and its record says
// why. Main thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chaos/fault.h"
#include "chaos/warden.h"
#include "core/clock.h"
#include "core/result.h"
#include "main/own_server.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::main {

// What there is to be hit.
struct FaultTarget {
  const OwnServer* server = nullptr;  // ours; null: another's
  std::vector<pid_t> processes = {};  // whose descendants count too; none: they cannot be seen
};

class FaultTimeline {
 public:
  // Starts the warden where the plan has faults that need one: before there are threads.
  explicit FaultTimeline(const run::Plan& plan);

  // Prepares the plan's faults, and takes those out of it that are skipped.
  void arm(run::Plan& plan, const FaultTarget& target);
  // Starts and ends what is due, and looks at what was started.
  void tick(core::Nanos now, core::Nanos load_start);
  // Ends what still lasts, and gives the record what is known of each.
  void fill(run::Record& record, core::Nanos load_start);

 private:
  struct Entry {
    run::Fault plan;
    std::uint32_t occurrence = 0;
    core::Nanos at = 0;  // since the load began
    std::unique_ptr<chaos::Fault> fault;
    std::optional<core::Nanos> started_at = {}, shown_at = {}, ended_at = {};
    core::Nanos next_look = 0;
    std::string trouble = {};  // "" where all went well
    chaos::Evidence seen = {};
  };

  core::Result<std::unique_ptr<chaos::Fault>> make(const run::Fault& fault,
                                                   const FaultTarget& target);
  core::Result<std::vector<Entry>> occurrences(const run::Plan& plan, const run::Fault& fault,
                                               const FaultTarget& target);
  void skip(const run::Fault& fault, std::string why);
  void start(Entry& entry, core::Nanos now);
  void look(Entry& entry, core::Nanos now);
  void end(Entry& entry);

  std::uint64_t seed_;
  std::uint64_t made_ = 0;
  std::optional<chaos::Warden> warden_;  // outlives the faults that it knows of
  std::vector<Entry> entries_;
  std::vector<run::FaultRecord> skipped_;
};

}  // namespace gauntlet::main
