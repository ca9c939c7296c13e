// judge: holds a plan's limits against a run's record. Pure functions of their arguments.
//
// Each limit becomes a check, by the zones it names: within `value` PASS, within `warn` WARN, else
// FAIL. What keeps a check from being judged makes it INCONCLUSIVE, with a reason:
//   no_samples           nothing was observed: zero samples are never a PASS
//   too_few_samples      too few for that quantile, and what there is does not exceed the limit
//   uncertain            the confidence interval reaches over the limit
//   no_evidence          the fault that the check speaks of cannot be shown to have happened
//   generator_saturated  the self-check failed, and the check depends on the generator's clock:
//                        response and service times, rates, recovery; a PASS is not believed either
//   machine_busy         other programs had the cores that the target waited for: it cannot be
//                        blamed for what depends on speed. A PASS stays one, since a busy machine
//                        only makes a target look worse
//   interrupted          the run was stopped before the check had what it needs
// Errors are judged although the generator was saturated or the machine busy, as far as that cannot
// have made them: timeouts and unsent messages are left out of a FAIL, and all errors count against
// a PASS. So a FAIL outweighs an untrusted generator only where it does not depend on latency.
// A test is as bad as its worst check, a run as its worst test. SKIPPED tests do not change the
// run's verdict, but a run of nothing else is INCONCLUSIVE.
#pragma once

#include <string>
#include <vector>

#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::verdict {

// record.self_check has to be assessed (self_check.h). A target that exited during the run adds a
// failed test `target_survives`; a plan without tests gets one, `measured`, that any verified
// message under a trusted generator passes. An interrupted run is INCONCLUSIVE at best.
run::Verdict judge(const run::Record& record);

// A climb: `record` is that of its last judged level, with `levels`, and its plan's tests are those
// of all levels together; `tests` are what each level's own tests came to.
run::Verdict judge_climb(const run::Record& record, std::vector<run::TestResult> tests);

// What becomes of a level's tests where its run did not happen.
std::vector<run::TestResult> not_run(const run::Plan& level, run::Outcome outcome,
                                     const std::string& reason);

// 130 interrupted, 0 PASS and WARN, 1 FAIL (and WARN where `strict`), 4 INCONCLUSIVE.
int exit_code(const run::Verdict& verdict, bool strict, bool interrupted);

}  // namespace gauntlet::verdict
