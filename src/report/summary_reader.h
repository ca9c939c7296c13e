// SummaryReader: what a summary.json says that comparisons and lists of runs need. Summaries of
// any version are read as far as they have it. The text may be anything: errors say what is wrong.
// Pure but for the files that it reads.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "run/comparable.h"

namespace gauntlet::report {

inline constexpr std::size_t kSummaryBytesMax = 256 << 20;

core::Result<run::Comparable> read_summary(std::string_view json);

// `path`: a summary.json, the folder of a run, or a folder of such folders, which stands for all
// runs in it that have a summary, the oldest first. Usage errors name the path.
core::Result<std::vector<run::Comparable>> read_runs(const std::filesystem::path& path);

}  // namespace gauntlet::report
