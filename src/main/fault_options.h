// fault: `gauntlet fault list`, and one fault by hand: applied for a while, shown, taken back.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace gauntlet::main {

struct FaultOptions {
  std::string name;  // or "list"
  std::string length = "30s";
  std::string amount;
  std::string jitter;
  std::string target;  // pid:N, tree:N, tcp:HOST:PORT; else the lab's server
  std::string toward = "both";
  std::string start, evidence, stop;  // exec
  std::string address, token, order;  // failpoint
  std::string server;                 // in the lab
  std::uint64_t seed = 1;
  std::vector<std::string> command;  // after "--", in the lab
};

void declare_fault_options(CLI::App& app, FaultOptions& options);

}  // namespace gauntlet::main
