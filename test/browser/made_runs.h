// Runs that were never run, for the page to show: synthesised with a seed, so that each looks the
// same every time. Their faults are analysed as those of real runs are.
#pragma once

#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::test {

struct MadeRun {
  run::Record record;
  run::Verdict verdict;
};

MadeRun full_run();      // everything that one run can have, and a fault at kFaultAtS
MadeRun hostile_run();   // every string that comes from outside tries to be markup
MadeRun day_run();       // 86,400 seconds, the older histograms rolled up to minutes
MadeRun climbing_run();  // four levels
MadeRun capacity_run();

inline constexpr double kFaultAtS = 60;
inline constexpr std::string_view kHostile =
    "</script><script>window.hacked=1</script><img src=x onerror=\"window.hacked=1\"><!--";

}  // namespace gauntlet::test
