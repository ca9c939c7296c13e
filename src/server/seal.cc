#include "server/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/check.h"
#include "stats/base64.h"

namespace gauntlet::server {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string code_of(const SealKey& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  unsigned size = 0;
  GAUNTLET_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text),
                      text.size(), code.data(), &size) != nullptr);
  return {reinterpret_cast<const char*>(code.data()), size};
}

}  // namespace

std::string seal(const SealKey& key, std::string_view text) {
  return stats::to_base64(text) + "." + stats::to_base64(code_of(key, text));
}

std::optional<std::string> unseal(const SealKey& key, std::string_view sealed) {
  const std::size_t dot = sealed.find('.');
  if (dot == std::string_view::npos || sealed.size() > kSealedBytesMax) return std::nullopt;
  auto text = stats::from_base64(sealed.substr(0, dot));
  const auto code = stats::from_base64(sealed.substr(dot + 1));
  if (!text || !code) return std::nullopt;
  const std::string expected = code_of(key, *text);
  const bool same = code->size() == expected.size() &&
                    CRYPTO_memcmp(code->data(), expected.data(), expected.size()) == 0;
  return same ? std::move(text) : std::nullopt;
}

std::string digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  GAUNTLET_CHECK(EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr) ==
                 1);
  return stats::to_base64(std::string_view(reinterpret_cast<const char*>(bytes.data()), size));
}

}  // namespace gauntlet::server
