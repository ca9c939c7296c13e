// FaultTimeline: the faults of a plan that act on the target's processes, started and watched by
// the main thread while the load runs. (Those that cut connections belong to the load's threads.)
// A fault that this target cannot be given is skipped, and its record says why. Main thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chaos/fault.h"
#include "core/clock.h"
#include "main/own_server.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::main {

class FaultTimeline {
 public:
  // Takes the plan's faults on that it can bring about. `server`: ours, or null.
  void plan(const run::Plan& plan, const OwnServer* server);
  // Starts what is due and looks at what was started.
  void tick(core::Nanos now, core::Nanos load_start);
  // Ends what still lasts, and gives the record what is known of each.
  void fill(run::Record& record, core::Nanos load_start);

 private:
  struct Entry {
    run::Fault plan;
    std::uint32_t occurrence = 0;
    core::Nanos at = 0;  // since the load began
    std::unique_ptr<chaos::Fault> fault;
    bool armed = false;
    std::optional<core::Nanos> started_at, shown_at;
    std::string trouble;  // "" where all went well
    chaos::Evidence seen;
  };

  static void arm(Entry& entry);
  static void start(Entry& entry, core::Nanos now);
  static void look(Entry& entry, core::Nanos now);

  std::vector<Entry> entries_;
  std::vector<run::FaultRecord> skipped_;
};

}  // namespace gauntlet::main
