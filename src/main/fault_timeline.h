// FaultTimeline: the faults of a plan that the main thread brings about while the load runs: all
// but those that cut connections by the clients' own hand, which belong to the load's threads.
// Each step is in the journal before it is taken. A fault that this target cannot be given is
// skipped, and its record says why. Main thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chaos/fault.h"
#include "core/clock.h"
#include "core/result.h"
#include "main/fault_journal.h"
#include "main/fault_maker.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::main {

class FaultTimeline {
 public:
  FaultTimeline(const run::Plan& plan, FaultJournal& journal)
      : seed_(plan.seed), journal_(journal) {}

  // Prepares the plan's faults, and takes those out of it that are skipped.
  void arm(run::Plan& plan, const FaultTarget& target);
  // Starts and ends what is due, and looks at what was started.
  void tick(core::Nanos now, core::Nanos load_start);
  // How often the target was killed so far, where it is killed whole.
  std::size_t crashes() const { return crashes_; }
  // The ids of those that last, or have just happened.
  std::vector<std::string> active(core::Nanos now) const;
  // What is known of those that are over, and of those that were skipped.
  std::vector<run::FaultRecord> over(core::Nanos load_start) const;
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

  core::Result<std::vector<Entry>> occurrences(const run::Plan& plan, const run::Fault& fault,
                                               const FaultTarget& target);
  void skip(const run::Plan& plan, const run::Fault& fault, std::string why);
  core::Result<void> aim(Entry& entry);
  core::Result<void> begin(Entry& entry);
  void start(Entry& entry, core::Nanos now);
  void look(Entry& entry, core::Nanos now);
  void end(Entry& entry);
  std::string clean(Entry& entry) const;
  run::FaultRecord record_of(const Entry& entry, core::Nanos load_start) const;

  std::uint64_t seed_;
  std::uint64_t made_ = 0;
  FaultJournal& journal_;
  FaultTarget target_;
  std::size_t crashes_ = 0;
  std::vector<Entry> entries_;
  std::vector<run::FaultRecord> skipped_;
};

}  // namespace gauntlet::main
