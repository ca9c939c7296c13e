// Store: results/<run-id>/run.db, what a run has found out so far, on disk from second to second.
// docs/results.md describes its tables. A second is one transaction, so that a SIGKILL loses at
// most the one in progress; in the end everything is written anew, whole. Belongs to the main
// thread.
//
// Level 0 is the run itself; the levels of a climbing suite are 1 and up, in order.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "record/database.h"
#include "record/roll_up.h"
#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::record {

inline constexpr std::string_view kStoreName = "run.db";

class Store {
 public:
  // Nothing is there before the first begin(), which makes `results`/<run-id>/.
  explicit Store(std::filesystem::path results) : results_(std::move(results)) {}

  // Of the run whose folder this is; "" before it has begun.
  const std::string& run_id() const { return run_id_; }

  // Instead of a new store: the one that this record was read from, of a run that goes on. What it
  // holds stays until begin().
  core::Result<void> go_on(const run::Record& record);

  // What is known when the load of a level begins. `whole`: the plan of all levels.
  core::Result<void> begin(std::int64_t level, const run::Record& record,
                           const run::Plan* whole = nullptr);

  // All that there is, each series in the order of its times: what is new is written, and minutes
  // take the place of their seconds.
  struct News {
    std::span<const run::Second> seconds;
    std::span<const run::TimedHistograms> histograms;
    std::span<const run::TimedOperation> operations;
    std::span<const run::MemorySample> memory;
    std::span<const run::HoldingsSample> holdings;
    std::span<const run::GaugeSample> gauges;
    std::span<const run::CoreSample> cores;
    std::span<const run::FaultRecord> faults;  // those that are over
    std::span<const RollUp::Minute> minutes;
    const run::SelfCheck* self_check = nullptr;  // as far as it is known
  };
  core::Result<void> add(std::int64_t level, const News& news);

  // The whole of a level that is over, in place of what was written of it before.
  core::Result<void> end_level(std::int64_t level, const run::Record& record);

  // The whole run in place of what was written before, and its end. Works for one that never began.
  core::Result<void> finish(const run::Record& record, const run::Verdict& verdict, int exit_code);

 private:
  struct Written {  // up to where each series of a level is on disk
    double second = -1e9, histogram = -1e9, operation = -1e9, memory = -1e9, holding = -1e9,
           gauge = -1e9, core = -1e9;
    std::size_t faults = 0;
  };

  using Work = std::function<core::Result<void>(Database&)>;

  // All of it or nothing.
  core::Result<void> write(const std::string& run_id, const Work& work);
  // The file has its name only once it holds what comes first: a run that is killed before that
  // has no store.
  core::Result<void> begin_new(const std::string& run_id, const Work& first);
  core::Result<void> attach(const std::string& run_id);

  std::filesystem::path results_;
  std::string run_id_;
  std::optional<Database> database_;
  std::map<std::int64_t, Written> written_;
};

// What a store holds. Of a run that died the record is as its last second left it, `died`, with the
// totals of its phases added up from their seconds.
struct StoredRun {
  run::Record record;
  bool finished = false;
  run::Verdict verdict;  // of a finished run
  int exit_code = 0;
};

// Reads a run.db, whatever its bytes are. Errors: usage, in one line.
core::Result<StoredRun> read_store(const std::filesystem::path& path);

}  // namespace gauntlet::record
