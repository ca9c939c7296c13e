// CompareOptions: the command lines of `gauntlet compare` and `gauntlet history`, and the margins
// that `gauntlet run --baseline` shares with the former.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "core/result.h"
#include "run/comparable.h"
#include "verdict/comparison.h"

namespace gauntlet::main {

struct CompareOptions {
  std::vector<std::string> runs;  // two, or "A… vs B…"
  std::vector<std::string> margins;
};

struct HistoryOptions {
  std::string results = "results";
};

void declare_compare_options(CLI::App& app, CompareOptions& options);
void declare_history_options(CLI::App& app, HistoryOptions& options);
void declare_margin_option(CLI::App& app, std::vector<std::string>& margins);

core::Result<verdict::Margins> chosen_margins(const std::vector<std::string>& margins);

}  // namespace gauntlet::main
