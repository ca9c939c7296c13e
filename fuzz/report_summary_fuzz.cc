// read_summary on whatever a file may hold: a run whose figures can be compared, or an error.
#include <cstddef>
#include <cstdint>

#include "core/check.h"
#include "report/summary_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto run = gauntlet::report::read_summary({reinterpret_cast<const char*>(data), size});
  if (!run) {
    GAUNTLET_CHECK(!run.error().text.empty());
    return 0;
  }
  for (const auto& second : run->seconds) GAUNTLET_CHECK(second.length > 0);
  return 0;
}
