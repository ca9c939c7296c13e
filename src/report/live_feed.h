// LiveFeed: what the live page hears of a run that goes on: the whole document so far, thinned as
// in a report, and one line of it a second. Bounded whatever the run's length: seconds are read
// where they lie, the heat map merges its columns, and of service times beyond p99 only the last
// kServiceTimesMax seconds are known. Figures are of everything since the load
// began, since the measured phase may not have come yet; faults are those of the plan, since the
// evidence for them comes at the end. In a climb it is all of one level.
// When all is over the page hears the report's own document (report/page.h).
// Belongs to one thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report/page_series.h"
#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::report {

inline constexpr std::size_t kServiceTimesMax = 7'200;

// Where the run's parts lie while it goes on.
struct LiveState {
  std::span<const run::Second> seconds;
  std::span<const run::MemorySample> memory;
  std::span<const run::CoreSample> cores;
  const run::Counts& counts;  // since the load began, like the next two
  const stats::Histogram& response;
  const stats::Histogram& service;
};

class LiveFeed {
 public:
  // `about`: plan, run, host, target and floor as far as they are known; all else is ignored.
  // `level`: "level 2 of 6: low"; "" where it is no climb.
  explicit LiveFeed(run::Record about, std::string level = "");

  // Every second once; `latest` are its histograms.
  void add(const run::TimedHistograms& latest);

  std::string history(const LiveState& state);
  std::string second(const LiveState& state);

 private:
  boost::json::object figures(const LiveState& state);

  run::Record about_;
  std::string level_;
  run::Verdict pending_;  // its tests, before they are judged
  Unpacked unpacked_;
};

}  // namespace gauntlet::report
