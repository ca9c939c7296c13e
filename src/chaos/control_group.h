// Control groups as they are mounted here: where a controller's hierarchy lies and which group a
// process is in. Version 1 has a hierarchy a controller, version 2 one for all. Source: cgroups(7).
#pragma once

#include <sys/types.h>

#include <string>

#include "core/result.h"

namespace gauntlet::chaos {

struct ControlGroup {
  int version = 0;
  std::string folder;  // of the group that the process is in
  std::string parent;  // where a group beside it, or below it in version 1, can be made
};

// `controller`: "cpu", "memory" or "pids". The error says why it cannot be used here.
core::Result<ControlGroup> control_group_of(pid_t pid, const std::string& controller);

}  // namespace gauntlet::chaos
