#include "main/run_folder.h"

#include <fmt/format.h>

#include <system_error>

#include "record/store.h"

namespace gauntlet::main {

namespace fs = std::filesystem;

core::Result<fs::path> find_run_folder(const std::string& run, const std::string& results) {
  for (const fs::path& folder : {fs::path(run), fs::path(results) / run}) {
    std::error_code error;
    if (fs::is_regular_file(folder / record::kStoreName, error)) return folder;
  }
  return core::usage_error(
      fmt::format("there is no run `{}`: neither a folder with a {} nor the name of one in {}", run,
                  record::kStoreName, results));
}

}  // namespace gauntlet::main
