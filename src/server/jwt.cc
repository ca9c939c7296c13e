#include "server/jwt.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <boost/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>

#include "stats/base64.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

using View = std::string_view;

constexpr std::size_t kEs256Bytes = 64;
constexpr std::size_t kSubjectBytesMax = 1024;

struct Parts {
  View header, claims, signature;  // still in base64
  View signed_text;
};

std::optional<Parts> split(View token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == View::npos || first == last || token.find('.', first + 1) != last)
    return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1),
               token.substr(last + 1), token.substr(0, last)};
}

std::optional<json::object> decode_object(View base64) {
  const auto text = stats::from_base64_url(base64);
  if (!text) return std::nullopt;
  boost::system::error_code error;
  json::value value = json::parse(*text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<View> text_of(const json::object& object, View name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return View(value->get_string());
}

// A NumericDate: seconds, perhaps with a fraction.
std::optional<double> date_of(const json::object& object, View name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<JwtAlgorithm> algorithm_of(View name) {
  if (name == "RS256") return JwtAlgorithm::rs256;
  if (name == "ES256") return JwtAlgorithm::es256;
  if (name == "EdDSA") return JwtAlgorithm::eddsa;
  return std::nullopt;
}

// Two numbers of 32 bytes (RFC 7518 section 3.4) as the DER that OpenSSL takes; "" where it is
// none.
std::string der_of(View signature) {
  if (signature.size() != kEs256Bytes) return {};
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parsed(ECDSA_SIG_new(),
                                                                     ECDSA_SIG_free);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(signature.data());
  ECDSA_SIG_set0(parsed.get(), BN_bin2bn(bytes, kEs256Bytes / 2, nullptr),
                 BN_bin2bn(bytes + kEs256Bytes / 2, kEs256Bytes / 2, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parsed.get(), &der);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(der);
  return text;
}

bool fits(const KeySet::Key& key, View text, View signature) {
  const std::string der = key.algorithm == JwtAlgorithm::es256 ? der_of(signature) : "";
  if (key.algorithm == JwtAlgorithm::es256) signature = der;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  const EVP_MD* const digest = key.algorithm == JwtAlgorithm::eddsa ? nullptr : EVP_sha256();
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.key.get()) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size()) == 1;
  ERR_clear_error();
  return good;
}

// With a key id those keys count that have it, else all of the algorithm.
std::optional<JwtError> check_signature(const json::object& header, const Parts& parts,
                                        const KeySet& keys) {
  const auto algorithm = algorithm_of(text_of(header, "alg").value_or(""));
  if (!algorithm) return JwtError::bad_algorithm;
  if (header.contains("crit")) return JwtError::malformed;
  const auto signature = stats::from_base64_url(parts.signature);
  if (!signature || signature->empty()) return JwtError::malformed;
  const auto id = text_of(header, "kid");
  JwtError error = JwtError::unknown_key;
  for (const KeySet::Key& key : keys.keys()) {
    if (id && key.id != *id) continue;
    if (key.algorithm != *algorithm) {
      if (id) error = JwtError::bad_algorithm;
      continue;
    }
    if (fits(key, parts.signed_text, *signature)) return std::nullopt;
    error = JwtError::bad_signature;
  }
  return error;
}

// One, or a list that has it (RFC 7519 section 4.1.3).
bool names_audience(const json::value& value, View audience) {
  if (value.is_string()) return View(value.get_string()) == audience;
  if (!value.is_array()) return false;
  return std::any_of(value.get_array().begin(), value.get_array().end(), [&](const json::value& v) {
    return v.is_string() && View(v.get_string()) == audience;
  });
}

std::optional<JwtError> check_claims(const json::object& claims, const JwtRules& rules,
                                     std::int64_t unix_seconds) {
  const auto now = static_cast<double>(unix_seconds);
  const json::value* const audience = claims.if_contains("aud");
  const auto issuer = text_of(claims, "iss");
  const auto subject = text_of(claims, "sub");
  const auto expires = date_of(claims, "exp");
  if (!issuer || !subject || subject->empty() || subject->size() > kSubjectBytesMax ||
      audience == nullptr || !expires || (claims.contains("nbf") && !date_of(claims, "nbf")))
    return JwtError::incomplete;
  if (*issuer != rules.issuer) return JwtError::wrong_issuer;
  if (!names_audience(*audience, rules.audience)) return JwtError::wrong_audience;
  if (!(now < *expires + static_cast<double>(kJwtLeewaySeconds))) return JwtError::expired;
  const double valid_from = date_of(claims, "nbf").value_or(now);
  if (!(now >= valid_from - static_cast<double>(kJwtLeewaySeconds))) return JwtError::not_yet_valid;
  return std::nullopt;
}

}  // namespace

View to_string(JwtError error) {
  switch (error) {
    case JwtError::malformed: return "the token is malformed";
    case JwtError::too_large: return "the token is too large";
    case JwtError::bad_algorithm: return "the token's algorithm is not accepted";
    case JwtError::unknown_key: return "the token's key is not known";
    case JwtError::bad_signature: return "the token's signature does not fit";
    case JwtError::incomplete: return "the token lacks iss, sub, aud or exp";
    case JwtError::wrong_issuer: return "the token is from another issuer";
    case JwtError::wrong_audience: return "the token is for another audience";
    case JwtError::expired: return "the token has expired";
    case JwtError::not_yet_valid: return "the token is not valid yet";
  }
  return {};
}

std::expected<JwtClaims, JwtError> check_jwt(View token, const KeySet& keys, const JwtRules& rules,
                                             std::int64_t unix_seconds) {
  if (token.size() > kJwtBytesMax) return std::unexpected(JwtError::too_large);
  const auto parts = split(token);
  if (!parts) return std::unexpected(JwtError::malformed);
  const auto header = decode_object(parts->header);
  if (!header) return std::unexpected(JwtError::malformed);
  if (const auto error = check_signature(*header, *parts, keys)) return std::unexpected(*error);
  const auto claims = decode_object(parts->claims);
  if (!claims) return std::unexpected(JwtError::malformed);
  if (const auto error = check_claims(*claims, rules, unix_seconds)) return std::unexpected(*error);
  return JwtClaims{std::string(*text_of(*claims, "sub")),
                   split_scopes(text_of(*claims, "scope").value_or(""), " ")};
}

}  // namespace gauntlet::server
