#include "run/verdict.h"

#include <array>

namespace gauntlet::run {

std::string_view to_string(Outcome outcome) {
  static constexpr std::array<std::string_view, 5> kNames = {"PASS", "SKIPPED", "WARN",
                                                             "INCONCLUSIVE", "FAIL"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

}  // namespace gauntlet::run
