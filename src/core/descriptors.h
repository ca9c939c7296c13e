// The process's limit of open descriptors.
#pragma once

#include <cstddef>

namespace gauntlet::core {

// Raises the soft limit to the hard one, and says how many there may be; SIZE_MAX: without a limit.
// A login shell's soft limit is commonly 1,024, far below what is allowed.
std::size_t raise_descriptor_limit();

}  // namespace gauntlet::core
