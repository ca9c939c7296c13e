// Any bytes as a sealed state: no crash, and nothing is unsealed but what was sealed; and any text
// sealed and unsealed is itself.
#include "core/check.h"
#include "server/seal.h"

using namespace gauntlet::server;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const SealKey key{1, 2, 3};
  static const SealKey other{1, 2, 4};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The corpus has one that was sealed with the key of zeros.
  if (const auto found = unseal(SealKey{}, text)) GAUNTLET_CHECK(seal(SealKey{}, *found) == text);
  GAUNTLET_CHECK(!unseal(key, text));
  if (size > kSealedBytesMax / 2) return 0;
  const std::string sealed = seal(key, text);
  GAUNTLET_CHECK(unseal(key, sealed) == text);
  GAUNTLET_CHECK(!unseal(other, sealed));
  std::string changed = sealed;
  const std::size_t at = size == 0 ? 0 : data[size / 2] * changed.size() / 256;
  changed[at] = static_cast<char>(changed[at] ^ 1);
  GAUNTLET_CHECK(!unseal(key, changed));
  return 0;
}
