// Prometheus text (format 0.0.4) of the session registry, a sample a shard: who waits for what.
#pragma once

#include <string>

#include "server/registry.h"

namespace gauntlet::server {

void append_registry_metrics(std::string& out, const Registry& registry);

}  // namespace gauntlet::server
