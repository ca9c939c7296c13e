// Comparable: what one run says when runs are held against each other, and listed: as its summary
// has it (report/summary_reader.h). Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gauntlet::run {

// One second of the measured phase.
struct ComparableSecond {
  double length = 1;
  double scheduled = 0, completed = 0, errors = 0;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;  // of response times; 0 where nothing completed
};

struct QuantilesMs {
  double p50 = 0, p95 = 0, p99 = 0;
};

struct Comparable {
  std::string id = {};
  std::string title = {};  // the suite's, with its variant
  std::string started_at = {};
  std::string verdict = {};
  // What two runs have to have in common to be of the same load: name, value.
  std::vector<std::pair<std::string, std::string>> load = {};
  // What they need not, and a reader should know of: name, value.
  std::vector<std::pair<std::string, std::string>> surroundings = {};
  std::string doubt = {};  // why its speed is no evidence: "not trusted: …"; "" where it is
  double achieved_per_s = 0;
  std::uint64_t scheduled = 0, errors = 0;  // of the measured phase
  QuantilesMs response_ms = {};             // of its whole measured phase
  QuantilesMs lag_ms = {};                  // the generator's own
  std::vector<ComparableSecond> seconds = {};
};

}  // namespace gauntlet::run
