// FlowOptions: those of `gauntlet serve` that bound what clients may send, and say when it sheds.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "core/result.h"
#include "server/gate.h"

namespace gauntlet::main {

struct FlowOptions {
  std::string rate_limit = "500/s";
  std::string breaker = "p95=1s,errors=50%";
};

void declare_flow_options(CLI::App& app, FlowOptions& options);
core::Result<void> apply_flow_options(const FlowOptions& options, server::FlowLimits& limits);

}  // namespace gauntlet::main
