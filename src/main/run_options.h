// RunOptions: the command line of `gauntlet run`, and the plan it asks for.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "load/target.h"
#include "main/client_options.h"
#include "mcp/revision.h"
#include "run/plan.h"

namespace gauntlet::main {

class Repeats;

inline constexpr std::uint32_t kRepeatMax = 1'000;
inline constexpr const char* kLatest = "latest";

struct RunOptions {
  std::string suite;                 // name or file; empty: ad hoc
  std::string url;                   // empty: our own server, unless there is a command
  std::vector<std::string> command;  // after "--": a stdio server; with a URL: who serves it
  bool restart = false;              // that one, after a crash that a fault brought about
  std::string transport;             // of our own server; "": as the suite says
  std::optional<std::uint32_t> connections;
  std::string rate, duration, ramp, timeout, warmup = "auto";  // as written; "" where not given
  std::optional<std::uint32_t> threads, burst, pipeline;
  std::string arrivals, tool, arguments, mix_file;
  std::string protocol;  // "": as the suite says
  std::string mode;
  std::vector<std::string> slos, headers;
  ClientOptions client;
  std::optional<std::uint64_t> seed;
  std::string io = "auto";
  std::string results = "results";
  std::string target_metrics;  // "": as the suite says
  std::string resume;          // the run that goes on; kLatest: the latest unfinished one; "": none
  std::string keep_server;     // as written; "": as the suite says
  std::string baseline;        // a run, or a folder of runs; "": none
  std::vector<std::string> margins;
  std::uint32_t repeat = 1;
  Repeats* repeats = nullptr;  // what judges all of them together
  std::string metrics_listen, metrics_prefix = "gauntlet";
  std::string lab;  // auto, on, off; "": as the suite says
  bool no_probe = false;
  bool strict = false;
  bool quiet = false;
};

// `gauntlet run http://…` means a target without a suite.
void sort_out_target(RunOptions& options);

// Everything after "--" is a command to spawn and not ours to parse: taken out of the arguments.
std::vector<std::string> split_command(std::vector<std::string>& arguments);

// Declares the options; they are filled when the application parses.
void declare_run_options(CLI::App& app, RunOptions& options);
// Those of them that say whom to load with what, whatever the rate and for however long.
void declare_load_options(CLI::App& app, RunOptions& options);

// The plan: the suite (or an ad hoc one) with what the command line overrides.
core::Result<run::Plan> make_plan(const RunOptions& options);

// The seed that was given, or one that is drawn.
std::uint64_t chosen_seed(const RunOptions& options);

// The revision to insist on; nullopt: auto.
core::Result<std::optional<mcp::Revision>> wanted_revision(std::string_view protocol);

// The line that repeats a run: its arguments with the seed made explicit.
std::string repro_line(const std::vector<std::string>& argv, std::uint64_t seed);

}  // namespace gauntlet::main
