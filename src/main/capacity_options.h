// CapacityOptions: the command line of `gauntlet capacity`, and the search that it asks for.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "core/result.h"
#include "main/run_options.h"
#include "run/plan.h"

namespace gauntlet::main {

struct CapacityOptions {
  RunOptions run;
  std::string of = "rate";  // or connections
  std::string from, to;     // as written; "" where not given
  std::string per_connection;
  std::string step = "5s", settle = "1s", hold = "10s", hold_at = "90%", precision = "10%";
};

struct CapacityPlan {
  run::Plan base;  // of every step, but for load and length
  bool of_connections = false;
  double from = 0, to = 0;          // messages per second, or connections
  double per_connection_per_s = 0;  // of_connections
  core::Nanos step = 0, settle = 0, hold = 0;
  double hold_share = 0;
  double precision = 0;
};

void declare_capacity_options(CLI::App& app, CapacityOptions& options);

core::Result<CapacityPlan> make_capacity_plan(const CapacityOptions& options);

// A plan that is held against the limits that a search has where it is given none, at a rate of
// each step's own: `plan` without its phases, faults and tests.
run::Plan ad_hoc_limits(const run::Plan& plan);

// The plan of a run at `load` whose measured phase lasts `length`, or longer where the limits'
// quantiles need more messages than come due in it.
run::Plan plan_at(const CapacityPlan& capacity, double load, core::Nanos length);

}  // namespace gauntlet::main
