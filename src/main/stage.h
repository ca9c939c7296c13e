// Stage: where a run takes place: everything of it that has to be there before the first thread,
// and that outlives the levels of a suite: the warden, the lab (chaos/lab.h) with the passage to a
// server that listens on loopback there, the server of the live page, whose socket was opened
// outside of it, the screen, and the run's name. Main thread only.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "chaos/lab.h"
#include "chaos/nft_table.h"
#include "chaos/warden.h"
#include "core/fd.h"
#include "core/result.h"
#include "main/fault_journal.h"
#include "main/run_options.h"
#include "record/metrics_server.h"
#include "record/store.h"
#include "report/screen.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::main {

class Stage {
 public:
  // For all levels of the plan. Errors: usage (a port that is taken, a lab that cannot be had
  // although one was demanded).
  // `run_id`: of a run that goes on; "": a new one.
  static core::Result<std::unique_ptr<Stage>> prepare(const run::Plan& plan,
                                                      const RunOptions& options,
                                                      const std::string& run_id = "");

  const std::string& run_id() const { return run_id_; }
  const std::filesystem::path& folder() const { return folder_; }  // of its results
  FaultJournal& journal() { return journal_; }
  record::Store& store() { return store_; }
  chaos::Warden* warden() { return warden_ ? &*warden_ : nullptr; }
  chaos::Lab* lab() const { return lab_.get(); }
  // Why there is no lab, where the plan could use one; "" where there is one, or it could not.
  const std::string& no_lab() const { return no_lab_; }
  // Serves metrics and the live page from now on; nothing where none are wanted.
  core::Result<void> start_metrics();
  // Its thread rests until the next start: whoever forks wants no other. Its listeners stay.
  void rest_metrics();
  record::MetricsServer* metrics() { return metrics_.get(); }
  // Shows the run from now on, on stdout.
  void open_screen() { screen_.emplace(stdout); }
  report::Screen* screen() { return screen_ ? &*screen_ : nullptr; }

 private:
  Stage(const std::string& run_id, const RunOptions& options);

  void start_warden();
  core::Result<void> open_metrics(const run::Plan& plan, const RunOptions& options);
  core::Result<void> enter_lab(const run::Plan& plan, const RunOptions& options);

  std::optional<report::Screen> screen_;  // outlives whatever prints
  std::string run_id_;
  std::filesystem::path folder_;
  FaultJournal journal_;
  record::Store store_;
  std::optional<chaos::Warden> warden_;  // outlives the lab
  std::unique_ptr<chaos::Lab> lab_;
  std::optional<chaos::NftTable> passage_;  // to a server that a command starts
  std::string no_lab_;
  core::Fd metrics_listener_;
  std::unique_ptr<record::MetricsServer> metrics_;
};

}  // namespace gauntlet::main
