#include "server/descriptors.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "core/descriptors.h"
#include "server/failpoint_control.h"

namespace gauntlet::server {
namespace {

// For what is opened for a moment: files that are read again, /proc for metrics, orders of faults.
constexpr std::size_t kSpare = 16;

std::size_t open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

void fit_to_descriptors(Limits& limits) {
  const std::size_t most = core::raise_descriptor_limit();
  const std::size_t taken = open_descriptors() + kSpare;
  const std::size_t left = most > taken ? most - taken : 0;
  limits.refusals_max = std::min(limits.refusals_max, left / 8);
  limits.connections_max = std::min(limits.connections_max, left - limits.refusals_max);
}

}  // namespace gauntlet::server
