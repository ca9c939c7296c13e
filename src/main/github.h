// Tells GitHub Actions what came of a run, where it runs there: annotations on standard output
// ($GITHUB_ACTIONS is "true"), Markdown to $GITHUB_STEP_SUMMARY, and $GITHUB_OUTPUT. A file that
// cannot be written is complained of, and changes nothing else. Main thread only.
#pragma once

#include <string_view>

#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::main {

void tell_github(const run::Record& record, const run::Verdict& verdict, int exit_code,
                 std::string_view folder);

}  // namespace gauntlet::main
