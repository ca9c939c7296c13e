// Fault: one thing that goes wrong on purpose, that can be shown to have gone wrong, and that
// leaves nothing behind.
//
// The order of calls is probe, arm, start, evidence (any number of times, while it lasts and
// after), stop, verify_clean. What can be refused is refused by probe() or arm(), before anything
// happens; destroying a fault that was started stops it. Belongs to one thread; no call blocks for
// more than a moment.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace gauntlet::chaos {

// Kernel facts and exact counts, as of now. `shown` is true once they prove the effect: a fault
// that was ordered and had none is not shown.
struct Evidence {
  bool shown = false;
  std::vector<std::pair<std::string, std::string>> facts;  // name, value
};

class Fault {
 public:
  virtual ~Fault() = default;

  // Whether this machine and this target can be given the fault; the error says why not.
  virtual core::Result<void> probe() = 0;
  // Prepares everything, so that start() is quick. After `ttl` from its start the fault ends by
  // itself, even if this process does not live to stop it.
  virtual core::Result<void> arm(core::Nanos ttl) = 0;
  virtual core::Result<void> start() = 0;
  virtual Evidence evidence() = 0;
  virtual core::Result<void> stop() = 0;
  // After stop(): whether the kernel shows no trace of it any more; the error names what is left.
  virtual core::Result<void> verify_clean() = 0;
};

}  // namespace gauntlet::chaos
