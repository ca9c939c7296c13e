// ServeOptions: the command line of `gauntlet serve`.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "main/flow_options.h"
#include "main/guard_options.h"

namespace gauntlet::main {

struct ServeOptions {
  std::vector<std::string> http, tcp;  // host:port, port may be `auto`
  std::vector<std::string> unix_paths;
  std::string answers = "auto";
  std::string bad;          // KIND or KIND:EVERY
  std::size_t workers = 0;  // 0: one a core
  std::string io = "auto";
  std::string restart_limit;  // N/DURATION
  bool stdio = false;
  bool conformance = false;
  std::string failpoints, failpoint_token;
  bool exit_with_parent = false;
  std::string lease, lease_time = "10m";
  GuardOptions guard;
  FlowOptions flow;
};

void declare_serve_options(CLI::App& app, ServeOptions& options);

}  // namespace gauntlet::main
