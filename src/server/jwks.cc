#include "server/jwks.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <boost/json.hpp>

#include <optional>

#include "server/text_file.h"
#include "stats/base64.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

using EvpKey = std::unique_ptr<evp_pkey_st, KeySet::Free>;

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr std::size_t kPointBytes = 32;  // a coordinate of P-256, a key of Ed25519

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// The bytes of a member; empty where it is missing or malformed.
std::string bytes_of(const json::object& object, std::string_view name) {
  return stats::from_base64_url(text_of(object, name)).value_or("");
}

EvpKey build(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
      OSSL_PARAM_BLD_to_param(builder), OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return EvpKey(key);
}

using Builder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

Number number_of(const std::string& bytes) {
  return {BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()), nullptr),
          BN_free};
}

EvpKey rsa_key(const json::object& jwk) {
  const std::string modulus = bytes_of(jwk, "n");
  const std::string exponent = bytes_of(jwk, "e");
  if (modulus.size() > kRsaBitsMax / 8 || exponent.empty() || exponent.size() > 8) return nullptr;
  const Number n = number_of(modulus);
  const Number e = number_of(exponent);
  if (BN_num_bits(n.get()) < kRsaBitsMin || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1)
    return nullptr;
  const Builder builder(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return build("RSA", builder.get());
}

// OpenSSL checks that the point is on the curve.
EvpKey p256_key(const json::object& jwk) {
  const std::string x = bytes_of(jwk, "x");
  const std::string y = bytes_of(jwk, "y");
  if (x.size() != kPointBytes || y.size() != kPointBytes) return nullptr;
  const std::string point = "\x04" + x + y;
  const Builder builder(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return build("EC", builder.get());
}

EvpKey ed25519_key(const json::object& jwk) {
  const std::string x = bytes_of(jwk, "x");
  if (x.size() != kPointBytes) return nullptr;
  return EvpKey(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(x.data()), x.size()));
}

struct Kind {
  std::string_view type, curve, algorithm;
  JwtAlgorithm signs;
  EvpKey (*make)(const json::object&);
};
constexpr Kind kKinds[] = {{"RSA", "", "RS256", JwtAlgorithm::rs256, rsa_key},
                           {"EC", "P-256", "ES256", JwtAlgorithm::es256, p256_key},
                           {"OKP", "Ed25519", "EdDSA", JwtAlgorithm::eddsa, ed25519_key}};

// Null: a kind or a use that does not matter here.
const Kind* kind_of(const json::object& jwk) {
  const std::string_view use = text_of(jwk, "use");
  const std::string_view algorithm = text_of(jwk, "alg");
  if (!use.empty() && use != "sig") return nullptr;
  for (const Kind& kind : kKinds)
    if (text_of(jwk, "kty") == kind.type && text_of(jwk, "crv") == kind.curve &&
        (algorithm.empty() || algorithm == kind.algorithm))
      return &kind;
  return nullptr;
}

std::unexpected<core::Error> bad_set(std::string_view name, std::string_view why) {
  return core::usage_error("'" + std::string(name) + "' " + std::string(why));
}

}  // namespace

void KeySet::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

core::Result<KeySet> KeySet::read(const std::string& path) {
  const auto text = read_text_file(path, kFileBytesMax);
  if (!text) return std::unexpected(text.error());
  return parse(*text, path);
}

core::Result<KeySet> KeySet::parse(std::string_view text, std::string_view name) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  const json::object* const object = error ? nullptr : document.if_object();
  const json::value* const list = object == nullptr ? nullptr : object->if_contains("keys");
  const json::array* const jwks = list == nullptr ? nullptr : list->if_array();
  if (jwks == nullptr) return bad_set(name, "is not a JSON object with a list of keys");
  KeySet set;
  for (const json::value& entry : *jwks) {
    const json::object* const jwk = entry.if_object();
    if (jwk == nullptr) return bad_set(name, "lists what is no key");
    if (text_of(*jwk, "kty") == "oct")
      return bad_set(name, "holds a symmetric key; whoever reads it could make tokens");
    const Kind* const kind = kind_of(*jwk);
    if (kind == nullptr) continue;
    EvpKey key = kind->make(*jwk);
    if (key == nullptr)
      return bad_set(name,
                     "holds a malformed or weak key '" + std::string(text_of(*jwk, "kid")) + "'");
    set.keys_.push_back({std::string(text_of(*jwk, "kid")), kind->signs, std::move(key)});
  }
  if (set.keys_.empty()) return bad_set(name, "holds no key for RS256, ES256 or EdDSA");
  if (set.keys_.size() > kKeysMax) return bad_set(name, "holds too many keys");
  return set;
}

}  // namespace gauntlet::server
