// The folder of a run, by its id or its path. Errors: usage.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"

namespace gauntlet::main {

core::Result<std::filesystem::path> find_run_folder(const std::string& run,
                                                    const std::string& results);

}  // namespace gauntlet::main
