// ProxyOptions: the command line of `gauntlet proxy`.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace gauntlet::main {

struct ProxyOptions {
  std::string listen, upstream;
  std::string host;  // "": as upstream says
  std::vector<std::string> toxics;
  std::string control, control_token;
  std::size_t processes = 1;
  std::uint64_t seed = 1;
  bool exit_with_parent = false;
};

void declare_proxy_options(CLI::App& app, ProxyOptions& options);

}  // namespace gauntlet::main
