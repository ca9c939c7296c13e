// JSON Web Tokens as bearer tokens (RFC 7519 in the compact form of RFC 7515; RFC 8725 for what to
// beware of; RFC 9068 for what an access token holds).
//
// The key says which algorithm it is checked with, never the token: `none` and HS* are not even
// known. Headers that would bring a key along (jwk, jku, x5c) are not read, `crit` is refused.
// Required: iss, sub, aud and exp, and the scopes are in `scope`. Pure functions; the token may be
// anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "server/jwks.h"
#include "server/scopes.h"

namespace gauntlet::server {

inline constexpr std::size_t kJwtBytesMax = 8 * 1024;
// How far the clocks of issuer and server may differ.
inline constexpr std::int64_t kJwtLeewaySeconds = 30;

struct JwtRules {
  std::string issuer;
  std::string audience;
};

struct JwtClaims {
  std::string subject;
  Scopes scopes;
};

enum class JwtError : std::uint8_t {
  malformed,
  too_large,
  bad_algorithm,  // none of RS256, ES256, EdDSA, or not the key's
  unknown_key,
  bad_signature,
  // The issuer did sign it, but:
  incomplete,  // iss, sub, aud or exp is missing or of the wrong type
  wrong_issuer,
  wrong_audience,
  expired,
  not_yet_valid,
};
std::string_view to_string(JwtError error);

std::expected<JwtClaims, JwtError> check_jwt(std::string_view token, const KeySet& keys,
                                             const JwtRules& rules, std::int64_t unix_seconds);

}  // namespace gauntlet::server
