#include "server/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>
#include <string>

#include "core/check.h"

namespace gauntlet::server {

Digest sha256(std::string_view text) {
  Digest digest{};
  GAUNTLET_CHECK(
      EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return digest;
}

bool same_digest(const Digest& left, const Digest& right) {
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::uint64_t principal_of(std::string_view issuer, std::string_view subject) {
  // The length keeps ("a", "bc") and ("ab", "c") apart.
  const Digest digest =
      sha256(std::to_string(issuer.size()).append(":").append(issuer).append(subject));
  std::uint64_t principal = 0;
  std::memcpy(&principal, digest.data(), sizeof principal);
  return principal == 0 ? 1 : principal;
}

}  // namespace gauntlet::server
