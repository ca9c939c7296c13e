// Writes the pages of the made-up runs into the folder that is named, for the browser's tests.
#include <fmt/format.h>

#include <filesystem>

#include "browser/made_runs.h"
#include "report/files.h"
#include "report/page.h"

int main(int argc, char** argv) {
  using namespace gauntlet;
  if (argc != 2) {
    fmt::print(stderr, "usage: made_pages FOLDER\n");
    return 2;
  }
  const std::pair<const char*, test::MadeRun (*)()> pages[] = {{"full", test::full_run},
                                                               {"hostile", test::hostile_run},
                                                               {"day", test::day_run},
                                                               {"climb", test::climbing_run},
                                                               {"capacity", test::capacity_run}};
  for (const auto& [name, make] : pages) {
    const test::MadeRun made = make();
    const auto path = std::filesystem::path(argv[1]) / fmt::format("{}.html", name);
    const auto written =
        report::write_whole_file(path, report::report_page(made.record, made.verdict));
    if (!written) {
      fmt::print(stderr, "{}\n", written.error().text);
      return 1;
    }
  }
  return 0;
}
