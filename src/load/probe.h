// Probe: meets a target once before the load: is it there, which revision of MCP does it speak,
// who is it, and does it have the tools that the load will call.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "load/target.h"
#include "run/plan.h"

namespace gauntlet::load {

struct Introduction {
  mcp::Revision revision = mcp::kLatestStateless;
  std::string server_name;
  std::string server_version;
  std::string answers;  // over HTTP: "json" or "sse"
};

// `wanted`: the revision to insist on; nullopt: auto (server/discover within a time limit, then
// initialize; https://modelcontextprotocol.io/specification/versioning).
// Errors: unreachable (no connection, no MCP, another revision); usage (a tool that it lacks).
core::Result<Introduction> probe(const Target& target, std::optional<mcp::Revision> wanted,
                                 const run::LoadPlan& load);

}  // namespace gauntlet::load
