// gauntlet: loads, breaks and judges MCP servers.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <exception>

#include "core/descriptors.h"
#include "core/version.h"
#include "main/commands.h"
#include "main/exit_code.h"

namespace gauntlet::main {
namespace {

// --help and --version end here too.
int explain(const CLI::App& app, const CLI::ParseError& error,
            const std::vector<std::string>& words) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const bool no_command =
      words.size() > 1 && app.get_subcommands().empty() && !words[1].starts_with('-');
  if (no_command)
    fmt::print(stderr, "gauntlet: '{}' is not a command", words[1]);
  else
    fmt::print(stderr, "gauntlet: {}", error.what());
  fmt::print(stderr, " (see gauntlet --help)\n");
  return kExitUsage;
}

int parse_and_run(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  CLI::App app{"Loads, breaks and judges MCP servers."};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("gauntlet ") + std::string(core::kVersion));
  RunOptions run_options;
  CapacityOptions capacity_options;
  ServeOptions serve_options;
  FloorOptions floor_options;
  FaultOptions fault_options;
  ProxyOptions proxy_options;
  ReportOptions report_options;
  CompareOptions compare_options;
  HistoryOptions history_options;
  std::string shown;
  auto* run = app.add_subcommand("run", "run a suite, or an ad hoc load, against a target");
  declare_run_options(*run, run_options);
  auto* capacity = app.add_subcommand(
      "capacity", "search for the highest rate, or number of connections, that keeps the limits");
  declare_capacity_options(*capacity, capacity_options);
  auto* serve = app.add_subcommand("serve", "our own MCP server");
  declare_serve_options(*serve, serve_options);
  auto* floor = app.add_subcommand(
      "floor", "what this machine carries when nobody does anything with the bytes");
  declare_floor_options(*floor, floor_options);
  auto* fault = app.add_subcommand("fault", "one fault by hand, or the list of them");
  declare_fault_options(*fault, fault_options);
  auto* proxy = app.add_subcommand("proxy", "a fault proxy, between clients and any server");
  declare_proxy_options(*proxy, proxy_options);
  auto* report = app.add_subcommand(
      "report", "make the reports of a run anew from its store, also of one that died");
  declare_report_options(*report, report_options);
  auto* compare =
      app.add_subcommand("compare", "is B worse than A: better, same, worse, or not enough data");
  declare_compare_options(*compare, compare_options);
  auto* history = app.add_subcommand("history", "the runs in a folder, and how they went");
  declare_history_options(*history, history_options);
  auto* list = app.add_subcommand("list", "the suites inside this binary");
  auto* show = app.add_subcommand("show",
                                  "print a suite, to be copied and changed; or the JSON Schema of "
                                  "summary.json: summary.schema");
  show->add_option("name", shown)->required();

  std::vector<std::string> arguments(words.begin() + 1, words.end());
  run_options.command = capacity_options.run.command = fault_options.command =
      split_command(arguments);
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return explain(app, error, words);
  }
  sort_out_target(run_options);
  if (run->parsed()) return run_command(run_options, words);
  if (capacity->parsed()) return capacity_command(capacity_options, words);
  if (serve->parsed()) return serve_command(serve_options);
  if (floor->parsed()) return floor_command(floor_options);
  if (fault->parsed()) return fault_command(fault_options);
  if (proxy->parsed()) return proxy_command(proxy_options);
  if (report->parsed()) return report_command(report_options);
  if (compare->parsed()) return compare_command(compare_options);
  if (history->parsed()) return history_command(history_options);
  if (list->parsed()) return list_command();
  return show_command(shown);
}

}  // namespace
}  // namespace gauntlet::main

int main(int argc, char** argv) try {
#ifdef __x86_64__
  if (!__builtin_cpu_supports("avx2")) {
    fmt::print(stderr, "gauntlet: this build needs a processor with AVX2\n");
    return gauntlet::main::kExitInternal;
  }
#endif
  std::signal(SIGPIPE, SIG_IGN);
  gauntlet::core::raise_descriptor_limit();
  return gauntlet::main::parse_and_run(argc, argv);
} catch (const std::exception& error) {
  fmt::print(stderr, "gauntlet: internal error: {}\n", error.what());
  return gauntlet::main::kExitInternal;
}
