// Repeats: the runs of one `gauntlet run --repeat N --baseline …`, and the earlier ones that they
// must not be worse than. Main thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "main/run_options.h"
#include "run/comparable.h"
#include "run/record.h"
#include "run/verdict.h"
#include "verdict/comparison.h"

namespace gauntlet::main {

class Repeats {
 public:
  // Reads the baseline, where there is one. Usage errors.
  static core::Result<Repeats> prepare(const RunOptions& options);

  // A run ended. The last one's verdict gets the comparison of all of them with the baseline as a
  // test; runs of another load make that INCONCLUSIVE.
  void judge(const run::Record& record, run::Verdict& verdict);
  // Whether others are to follow the one that was judged last.
  bool more() const { return done_ < wanted_; }

 private:
  run::TestResult against_baseline(const std::string& suite) const;

  std::uint32_t wanted_ = 1;
  std::uint32_t done_ = 0;
  std::vector<run::Comparable> before_;  // none: there is no baseline
  std::vector<run::Comparable> after_;
  verdict::Margins margins_;
};

}  // namespace gauntlet::main
