#include "run/fault_analysis.h"

#include <array>

namespace gauntlet::run {

std::string_view to_string(stats::RecoveryStatus status) {
  static constexpr std::array<std::string_view, 4> kNames = {"recovered", "never", "no_baseline",
                                                             "too_short"};
  return kNames.at(static_cast<std::size_t>(status));
}

}  // namespace gauntlet::run
