// What GitHub Actions shows of a run: annotations, the step's summary, and its outputs. Pure.
// The forms: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::report {

// GitHub shows ten of a kind in a step; more of them say nothing.
inline constexpr std::size_t kAnnotationsMax = 10;

// Lines such as "::error title=baseline.error_rate::…": FAIL is an error, WARN and INCONCLUSIVE are
// warnings, the worst first; the last one says how many more there are. "" where all is well.
std::string github_annotations(const run::Verdict& verdict);

// Markdown: the verdict table, response times, the seconds as sparklines, the line that repeats it.
std::string github_summary(const run::Record& record, const run::Verdict& verdict,
                           std::string_view folder);

// "verdict=PASS" and more, a line each, for $GITHUB_OUTPUT.
std::string github_outputs(const run::Record& record, const run::Verdict& verdict, int exit_code,
                           std::string_view folder);

}  // namespace gauntlet::report
