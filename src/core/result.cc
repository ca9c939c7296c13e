#include "core/result.h"

#include <cerrno>
#include <cstring>

namespace gauntlet::core {

Error errno_error(std::string_view what) {
  const int code = errno;
  return {ErrorKind::internal, std::string(what) + ": " + std::strerror(code)};
}

}  // namespace gauntlet::core
