#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "main/commands.h"
#include "main/exit_code.h"
#include "report/comparison_text.h"
#include "report/summary_reader.h"
#include "report/terminal.h"

namespace gauntlet::main {
namespace {

using Names = std::vector<std::string>;
using Runs = std::vector<run::Comparable>;

struct Sides {
  Names before, after;
};

core::Result<Sides> sides_of(const Names& runs) {
  const auto versus = std::ranges::find(runs, "vs");
  if (versus == runs.end() && runs.size() == 2) return Sides{{runs[0]}, {runs[1]}};
  if (versus == runs.end() || versus == runs.begin() || versus + 1 == runs.end())
    return core::usage_error("compare: name two runs, or more of them as in: A1 A2 vs B1 B2");
  return Sides{{runs.begin(), versus}, {versus + 1, runs.end()}};
}

core::Result<Runs> read_all(const Names& names) {
  Runs all;
  for (const auto& name : names) {
    auto runs = report::read_runs(name);
    if (!runs) return std::unexpected(runs.error());
    std::ranges::move(*runs, std::back_inserter(all));
  }
  return all;
}

int exit_code_of(run::Standing standing) {
  switch (standing) {
    case run::Standing::better:
    case run::Standing::same: return kExitOk;
    case run::Standing::unknown: return kExitInconclusive;
    case run::Standing::worse: return kExitFail;
  }
  return kExitInternal;
}

}  // namespace

void declare_margin_option(CLI::App& app, std::vector<std::string>& margins) {
  app.add_option("--margin", margins,
                 "a change that does not matter: 5%, or p95=5%; repeatable. Default: throughput "
                 "and p50 5% (3% from five runs of each on), p95 10%, p99 20%, error_rate 0.1% "
                 "(points)")
      ->allow_extra_args(false);
}

void declare_compare_options(CLI::App& app, CompareOptions& options) {
  app.add_option("runs", options.runs,
                 "A B, or A1 A2 ... vs B1 B2 ...: each the folder of a run, or a folder of runs, "
                 "which stands for all of them")
      ->required();
  declare_margin_option(app, options.margins);
}

void declare_history_options(CLI::App& app, HistoryOptions& options) {
  app.add_option("results", options.results, "the folder of runs; default: results");
}

core::Result<verdict::Margins> chosen_margins(const std::vector<std::string>& margins) {
  verdict::Margins chosen;
  for (const auto& text : margins)
    if (auto set = chosen.set(text); !set)
      return core::usage_error("--margin: " + set.error().text);
  return chosen;
}

int compare_command(const CompareOptions& options) {
  const auto margins = chosen_margins(options.margins);
  if (!margins) return complain(margins.error());
  const auto sides = sides_of(options.runs);
  if (!sides) return complain(sides.error());
  const auto before = read_all(sides->before);
  if (!before) return complain(before.error());
  const auto after = read_all(sides->after);
  if (!after) return complain(after.error());
  const auto comparison = verdict::compare(*before, *after, *margins);
  if (!comparison) return complain(comparison.error());
  fmt::print("{}", report::comparison_text(*comparison, report::wants_color(stdout)));
  return exit_code_of(comparison->standing);
}

int history_command(const HistoryOptions& options) {
  const auto runs = report::read_runs(options.results);
  if (!runs) return complain(runs.error());
  fmt::print("{}", report::history_text(*runs));
  return kExitOk;
}

}  // namespace gauntlet::main
