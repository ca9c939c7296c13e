// Handlers of calls that a failpoint hits (server/failpoints.h): they may begin later than the
// call.
#pragma once

#include <string_view>

#include "server/call.h"
#include "server/tool.h"

namespace gauntlet::server {

// Fails as a tool does.
Task failing();

// The tool's own handler, also where that is a plain function: `arguments`, raw JSON, is copied.
Task handler_of(const Tool& tool, Call& call, std::string_view arguments);

}  // namespace gauntlet::server
