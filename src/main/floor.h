// floor: `gauntlet floor`, and the same before a run: load/floor.h against an echo peer in a
// process of its own.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

#include "core/result.h"
#include "load/floor.h"

namespace gauntlet::main {

struct FloorOptions {
  std::uint32_t connections = 150;
  std::uint32_t burst = 1;
  std::size_t bytes = 256;  // of a message
  std::string duration = "2s";
  std::string transport = "tcp";  // or unix
  std::string io = "auto";
  std::string echo;  // be the peer, at that address
  std::string peer;  // measure against one that echoes there already
  bool json = false;
};

void declare_floor_options(CLI::App& app, FloorOptions& options);

// Starts a peer, measures, and stops it. `transport` http has the sockets of tcp.
core::Result<load::Floor> floor_here(const load::FloorPattern& pattern,
                                     const std::string& transport);

}  // namespace gauntlet::main
