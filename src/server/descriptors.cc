#include "server/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

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

// Of all the process may have; SIZE_MAX: without a limit.
std::size_t most_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return SIZE_MAX;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : limit.rlim_cur;
}

}  // namespace

void fit_to_descriptors(Limits& limits) {
  const std::size_t most = most_descriptors();
  const std::size_t taken = open_descriptors() + kSpare;
  const std::size_t left = most > taken ? most - taken : 0;
  limits.refusals_max = std::min(limits.refusals_max, left / 8);
  limits.connections_max = std::min(limits.connections_max, left - limits.refusals_max);
}

}  // namespace gauntlet::server
