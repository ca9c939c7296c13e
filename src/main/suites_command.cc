#include <fmt/format.h>

#include "main/commands.h"
#include "main/exit_code.h"
#include "report/summary_json.h"
#include "run/shipped.h"
#include "run/suite.h"

namespace gauntlet::main {

int list_command() {
  for (const auto& suite : run::shipped_suites()) {
    const auto plan = run::parse_suite(suite.text, suite.name, run::Mode::demo);
    if (!plan) return complain(plan.error());
    fmt::print("{:<12} {}\n", suite.name, plan->description);
    for (const auto& test : plan->tests)
      fmt::print("  {}.{}: {}\n", suite.name, test.name, test.purpose);
  }
  return kExitOk;
}

int show_command(const std::string& name) {
  for (const auto& schema : report::shipped_schemas()) {
    if (schema.name != name) continue;
    fmt::print("{}", schema.text);
    return kExitOk;
  }
  const auto text = run::find_suite(name);
  if (!text) return complain(text.error());
  fmt::print("{}", text->toml);
  return kExitOk;
}

}  // namespace gauntlet::main
