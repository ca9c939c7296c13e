#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace gauntlet::core {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "gauntlet: internal error: check failed: %s (%s:%d)\n", condition, file,
               line);
  std::abort();
}

}  // namespace gauntlet::core
