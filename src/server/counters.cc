#include "server/counters.h"

#include <algorithm>

namespace gauntlet::server {

Method method_of(std::string_view name) {
  const auto found = std::find(kMethodNames.begin(), kMethodNames.end() - 2, name);
  if (found != kMethodNames.end() - 2) return static_cast<Method>(found - kMethodNames.begin());
  return name.starts_with("notifications/") ? Method::notification : Method::other;
}

void Counters::count_error(int code) {
  const auto found = std::find(kErrorCodes.begin(), kErrorCodes.end(), code);
  ++errors[static_cast<std::size_t>(found - kErrorCodes.begin())];
}

}  // namespace gauntlet::server
