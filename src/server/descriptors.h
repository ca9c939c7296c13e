// The process's descriptors, and how many connections they allow.
#pragma once

#include "server/config.h"

namespace gauntlet::server {

// Raises the process's limit as far as it may, then lowers `connections_max` and `refusals_max` to
// what is left beside the descriptors that are open now: so that connections are refused with a
// word before there are no descriptors.
void fit_to_descriptors(Limits& limits);

}  // namespace gauntlet::server
