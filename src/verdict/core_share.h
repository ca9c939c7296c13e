// CoreShares: who had the cores of the machine that the target runs on. A target that waits for a
// core because other programs have it is slow without being to blame.
// The others' share is what is left of all cores' time: not idle, not the target's, not the
// generator's. It holds what a hypervisor took, programs in other containers, and those that ended.
// What the target has others do for it (a database, a container behind a proxy) is among it too, so
// a busy machine only takes a failure back; it never makes one.
// Private to verdict/; pure functions.
#pragma once

#include <optional>
#include <string>

#include "run/record.h"

namespace gauntlet::verdict {

// On a quiet machine 1 to 2 % are left over, with one busy loop on two cores half of all.
inline constexpr double kOthersShareMax = 0.10;
// This only spares targets that have cores to themselves: who waits for one is the others' doing.
// Short turns wait long in proportion, 23 to 46 % on a quiet machine and 29 to 90 % on a busy one,
// so that the share itself does not tell them apart. It has to be small also since it is a mean:
// one message in a hundred makes a p99.
inline constexpr double kTargetWaitMax = 0.05;

struct CoreShares {
  double others = 0;       // of all cores' time: neither idle nor the target's nor the generator's
  double target_wait = 0;  // of the time that the target's threads wanted to run: without a core
};

// Between these times, in seconds since the load began; nothing where there are no two samples.
std::optional<CoreShares> core_shares(const run::Record& record, double from_s, double to_s);

// "other programs used 62 % of this machine and …"; "" where the target had cores enough.
std::string why_busy(const std::optional<CoreShares>& shares);

}  // namespace gauntlet::verdict
