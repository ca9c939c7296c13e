// The files that a run leaves behind in results/<run-id>/: summary.json, junit.xml,
// report.html, and for a climb scaling.svg.
// Each is written beside its place and renamed, so that a reader never sees half a file.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/result.h"
#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::report {

core::Result<void> write_whole_file(const std::filesystem::path& path, std::string_view text);

// The one place that writes a run's files, but for its store, into its folder.
core::Result<void> write_reports(const std::filesystem::path& folder, const run::Record& record,
                                 const run::Verdict& verdict, int exit_code);

// Makes `results`/<run-id> with all of them, and gives its path. The exit code goes into the
// summary.
core::Result<std::filesystem::path> write_results(const std::filesystem::path& results,
                                                  const run::Record& record,
                                                  const run::Verdict& verdict, int exit_code);

}  // namespace gauntlet::report
