#include "main/github.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "report/github.h"

namespace gauntlet::main {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// To the file that an environment variable names, where it does.
void append(const char* variable, std::string_view text) {
  const auto path = environment(variable);
  if (path.empty()) return;
  std::ofstream file(path, std::ios::app);
  file << text << std::flush;
  if (!file) fmt::print(stderr, "gauntlet: ${}: {} cannot be written\n", variable, path);
}

}  // namespace

void tell_github(const run::Record& record, const run::Verdict& verdict, int exit_code,
                 std::string_view folder) {
  if (environment("GITHUB_ACTIONS") == "true")
    fmt::print("{}", report::github_annotations(verdict));
  append("GITHUB_STEP_SUMMARY", report::github_summary(record, verdict, folder));
  append("GITHUB_OUTPUT", report::github_outputs(record, verdict, exit_code, folder));
}

}  // namespace gauntlet::main
