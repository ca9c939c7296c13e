#include "server/shared.h"

#include <sys/random.h>

#include "core/check.h"

namespace gauntlet::server {

StateKey random_state_key() {
  StateKey key;
  GAUNTLET_CHECK(getrandom(key.data(), key.size(), 0) == static_cast<ssize_t>(key.size()));
  return key;
}

}  // namespace gauntlet::server
