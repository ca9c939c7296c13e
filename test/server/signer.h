// Signer: a private key with its JWK, and the tokens that it signs, right or wrong.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "stats/base64.h"

namespace gauntlet::server {

using stats::to_base64_url;

class Signer {
 public:
  // "RS256" (of `rsa_bits`), "ES256" or "EdDSA".
  explicit Signer(std::string_view algorithm, std::string id = "key", unsigned rsa_bits = 2048)
      : algorithm_(algorithm), id_(std::move(id)), key_(make(algorithm, rsa_bits)) {}

  std::string jwk() const {
    const std::string start = R"({"kid":")" + id_ + R"(","use":"sig","alg":")" + algorithm_ + '"';
    if (algorithm_ == "EdDSA")
      return start + R"(,"kty":"OKP","crv":"Ed25519","x":")" + raw_public_key() + "\"}";
    if (algorithm_ == "RS256")
      return start + R"(,"kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
             number(OSSL_PKEY_PARAM_RSA_E) + "\"}";
    return start + R"(,"kty":"EC","crv":"P-256","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X, 32) +
           R"(","y":")" + number(OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"}";
  }

  std::string header() const { return R"({"alg":")" + algorithm_ + R"(","kid":")" + id_ + "\"}"; }
  std::string token(std::string_view claims) const { return token(header(), claims); }
  std::string token(std::string_view header, std::string_view claims) const {
    const std::string text = to_base64_url(header) + "." + to_base64_url(claims);
    return text + "." + to_base64_url(sign(text));
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

  static Key make(std::string_view algorithm, unsigned rsa_bits) {
    EVP_PKEY* const key = algorithm == "RS256"   ? EVP_RSA_gen(rsa_bits)
                          : algorithm == "ES256" ? EVP_EC_gen("P-256")
                                                 : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    GAUNTLET_CHECK(key != nullptr);
    return {key, EVP_PKEY_free};
  }

  std::string number(const char* name, int size = 0) const {
    BIGNUM* value = nullptr;
    GAUNTLET_CHECK(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1);
    size = size == 0 ? BN_num_bytes(value) : size;
    std::string bytes(static_cast<std::size_t>(size), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), size);
    BN_free(value);
    return to_base64_url(bytes);
  }

  std::string raw_public_key() const {
    std::string bytes(32, '\0');
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
    return to_base64_url(bytes);
  }

  std::string sign(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    const EVP_MD* const digest = algorithm_ == "EdDSA" ? nullptr : EVP_sha256();
    std::string signature(1024, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get());
    GAUNTLET_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                  &size, reinterpret_cast<const unsigned char*>(text.data()),
                                  text.size()) == 1);
    signature.resize(size);
    return algorithm_ == "ES256" ? raw(signature) : signature;
  }

  // Out of DER: two numbers of 32 bytes.
  static std::string raw(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const parsed = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string bytes(64, '\0');
    auto* const to = reinterpret_cast<unsigned char*>(bytes.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(parsed), to, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parsed), to + 32, 32);
    ECDSA_SIG_free(parsed);
    return bytes;
  }

  std::string algorithm_;
  std::string id_;
  Key key_;
};

inline std::string key_set_of(const std::vector<std::string>& jwks) {
  std::string list;
  for (const std::string& jwk : jwks) list.append(list.empty() ? "" : ",").append(jwk);
  return R"({"keys":[)" + list + "]}";
}

}  // namespace gauntlet::server
