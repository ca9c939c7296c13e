// ReportOptions: the command line of `gauntlet report`.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace gauntlet::main {

struct ReportOptions {
  std::string run;  // its id, or its folder
  std::string results = "results";
};

void declare_report_options(CLI::App& app, ReportOptions& options);

}  // namespace gauntlet::main
