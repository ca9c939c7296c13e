// The option --io of the commands that load or serve: what stands behind their event loops.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "core/result.h"
#include "net/loop.h"

namespace gauntlet::main {

void declare_io_option(CLI::App& app, std::string& io);

// Errors (usage): no such choice; io_uring, where the kernel does not let us have it.
core::Result<net::Io> chosen_io(const std::string& io);

}  // namespace gauntlet::main
