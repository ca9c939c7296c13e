#include "server/jwt.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>
#include <vector>

#include "signer.h"

namespace gauntlet::server {
namespace {

using namespace std::string_view_literals;

constexpr std::int64_t kNow = 1'800'000'000;
const JwtRules kRules = {"https://issuer.example", "https://mcp.example/mcp"};
constexpr std::string_view kClaims =
    R"({"iss":"https://issuer.example","aud":"https://mcp.example/mcp","sub":"alice",)"
    R"("exp":1800000100,"scope":"mcp  admin"})";

// Keys are slow to make: the tests share them.
const Signer& rsa() {
  static const Signer signer("RS256", "rsa");
  return signer;
}
const Signer& p256() {
  static const Signer signer("ES256", "p256");
  return signer;
}
const Signer& ed25519() {
  static const Signer signer("EdDSA", "ed");
  return signer;
}
const KeySet& keys() {
  static const KeySet set =
      *KeySet::parse(key_set_of({rsa().jwk(), p256().jwk(), ed25519().jwk()}), "keys");
  return set;
}

std::string outcome(std::string_view token, const KeySet& set = keys(), std::int64_t now = kNow) {
  const auto claims = check_jwt(token, set, kRules, now);
  return claims ? claims->subject + ":" + joined(claims->scopes)
                : std::string(to_string(claims.error()));
}

std::string with(std::string claims, std::string_view what, std::string_view by) {
  const std::size_t at = claims.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return claims.replace(at, what.size(), by);
}

TEST(Jwt, TheThreeAlgorithmsAreAccepted) {
  EXPECT_EQ(outcome(rsa().token(kClaims)), "alice:mcp admin");
  EXPECT_EQ(outcome(p256().token(kClaims)), "alice:mcp admin");
  EXPECT_EQ(outcome(ed25519().token(kClaims)), "alice:mcp admin");
}

TEST(Jwt, TheExampleOfTheStandardIsChecked) {  // RFC 7515 appendix A.3
  const KeySet set = *KeySet::parse(
      R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
      R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})",
      "keys");
  const std::string token =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
      "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa"
      "8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  EXPECT_EQ(outcome(token, set), "the token lacks iss, sub, aud or exp") << "its signature fits";
  EXPECT_EQ(outcome(with(token, "DtEh", "DtEi"), set), "the token's signature does not fit");
}

TEST(Jwt, ClaimsAreChecked) {
  struct Row {
    std::string_view what, by, outcome;
  };
  const std::string incomplete = "the token lacks iss, sub, aud or exp";
  const std::vector<Row> rows = {
      {R"("iss")", R"("x")", incomplete},
      {R"("aud")", R"("x")", incomplete},
      {R"("sub")", R"("x")", incomplete},
      {R"("exp")", R"("x")", incomplete},
      {R"("alice")", "7", incomplete},
      {R"("alice")", R"("")", incomplete},
      {"1800000100", R"("1800000100")", incomplete},
      {R"("exp")", R"("nbf":"now","exp")", incomplete},
      {"issuer.example", "other.example", "the token is from another issuer"},
      {"mcp.example/mcp", "mcp.example/", "the token is for another audience"},
      {R"("https://mcp.example/mcp")", R"(["x",7])", "the token is for another audience"},
      {R"("https://mcp.example/mcp")", R"(["x","https://mcp.example/mcp"])", "alice:mcp admin"},
      {"1800000100", "1799999969", "the token has expired"},
      {"1800000100", "1799999971.5", "alice:mcp admin"},
      {R"("exp")", R"("nbf":1800000031,"exp")", "the token is not valid yet"},
      {R"("exp")", R"("nbf":1800000030,"exp")", "alice:mcp admin"},
      {R"("mcp  admin")", R"(["mcp"])", "alice:"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(outcome(p256().token(with(std::string(kClaims), row.what, row.by))), row.outcome)
        << row.what << " -> " << row.by;
}

TEST(Jwt, ATokenDoesNotChooseItsAlgorithm) {
  const std::string refused = "the token's algorithm is not accepted";
  const std::string none = to_base64_url(R"({"alg":"none"})"sv) + "." + to_base64_url(kClaims);
  EXPECT_EQ(outcome(none + "."), refused);
  EXPECT_EQ(outcome(none + "." + to_base64_url("x"sv)), refused);
  for (const std::string_view name : {"None", "HS256", "HS512", "RS384", "ES512", "PS256", ""})
    EXPECT_EQ(
        outcome(rsa().token(R"({"alg":")" + std::string(name) + R"(","kid":"rsa"})", kClaims)),
        refused)
        << name;
  // a key of another algorithm is named
  EXPECT_EQ(outcome(rsa().token(R"({"alg":"ES256","kid":"rsa"})", kClaims)), refused);
  EXPECT_EQ(outcome(rsa().token(R"({"alg":"ES256"})", kClaims)),
            "the token's signature does not fit");
  EXPECT_EQ(outcome(rsa().token(R"({"kid":"rsa"})", kClaims)), refused);
  EXPECT_EQ(outcome(rsa().token(R"({"alg":["RS256"],"kid":"rsa"})", kClaims)), refused);
}

// The known attack: HMAC with the public key, which everybody has, as its secret.
TEST(Jwt, APublicKeyIsNoSecret) {
  const std::string text =
      to_base64_url(R"({"alg":"HS256","kid":"rsa"})"sv) + "." + to_base64_url(kClaims);
  const std::string secret = rsa().jwk();
  std::string mac(32, '\0');
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(mac.data()), nullptr);
  EXPECT_EQ(outcome(text + "." + to_base64_url(mac)), "the token's algorithm is not accepted");
}

TEST(Jwt, ATokenDoesNotBringItsKey) {
  const Signer own("ES256", "own");
  EXPECT_EQ(outcome(own.token(kClaims)), "the token's key is not known");
  const std::string brought = R"({"alg":"ES256","jwk":)" + own.jwk() + "}";
  EXPECT_EQ(outcome(own.token(brought, kClaims)), "the token's signature does not fit");
}

TEST(Jwt, WhatMustBeUnderstoodIsRefused) {
  EXPECT_EQ(
      outcome(p256().token(R"({"alg":"ES256","kid":"p256","crit":["b64"],"b64":true})", kClaims)),
      "the token is malformed");
}

TEST(Jwt, AChangedByteAnywhereIsNoticed) {
  const std::string token = p256().token(kClaims);
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(outcome(changed), "alice:mcp admin") << at;
    EXPECT_NE(outcome(token.substr(0, at)), "alice:mcp admin") << at;
  }
}

TEST(Jwt, MalformedTokensAreRefused) {
  const std::string header = to_base64_url(p256().header());
  const std::vector<std::string> tokens = {
      "",
      ".",
      "..",
      "a.b.c",
      "...",
      header + "..",
      header + "." + to_base64_url(kClaims),  // without a signature
      header + "." + to_base64_url(kClaims) + ".",
      p256().token(kClaims) + ".x",
      p256().token(kClaims) + "=",
      p256().token("[]", kClaims),
      p256().token(p256().header(), std::string(200, '[')),
      p256().token(p256().header(), R"({"sub":"a"} x)"),
  };
  for (const std::string& token : tokens)
    EXPECT_EQ(outcome(token), "the token is malformed") << token;
  EXPECT_EQ(outcome(std::string(kJwtBytesMax + 1, 'a')), "the token is too large");
}

TEST(Jwt, SignaturesOfTheWrongShapeAreRefused) {
  const std::string text = to_base64_url(p256().header()) + "." + to_base64_url(kClaims) + ".";
  for (const std::size_t size : {1U, 63U, 65U, 70U, 500U})
    EXPECT_EQ(outcome(text + to_base64_url(std::string(size, 'x'))),
              "the token's signature does not fit");
  EXPECT_EQ(outcome(text + to_base64_url(std::string(64, '\0'))),
            "the token's signature does not fit")
      << "r = s = 0";
}

TEST(Jwt, WithoutAKeyIdEveryKeyOfTheAlgorithmIsTried) {
  const Signer other("ES256", "other");
  const KeySet set = *KeySet::parse(key_set_of({other.jwk(), p256().jwk()}), "keys");
  EXPECT_EQ(outcome(p256().token(R"({"alg":"ES256"})", kClaims), set), "alice:mcp admin");
  EXPECT_EQ(outcome(p256().token(R"({"alg":"ES256","kid":"other"})", kClaims), set),
            "the token's signature does not fit");
}

std::string key_error(const std::string& json) {
  const auto set = KeySet::parse(json, "keys");
  return set ? "none" : set.error().text;
}

TEST(KeySet, WeakAndMalformedKeysAreRefused) {
  const Signer weak("RS256", "weak", 1024);
  EXPECT_EQ(key_error(key_set_of({weak.jwk()})), "'keys' holds a malformed or weak key 'weak'");
  const std::string off_curve =
      R"({"kty":"EC","crv":"P-256","kid":"off","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
      R"("y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})";
  EXPECT_EQ(key_error(key_set_of({off_curve})), "'keys' holds a malformed or weak key 'off'");
  EXPECT_EQ(key_error(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]})"),
            "'keys' holds a malformed or weak key ''");
  EXPECT_EQ(key_error(R"({"keys":[{"kty":"RSA","n":"AAAA","e":"AQAB"}]})"),
            "'keys' holds a malformed or weak key ''");
  EXPECT_EQ(key_error(R"({"keys":[{"kty":"oct","k":"c2VjcmV0"}]})"),
            "'keys' holds a symmetric key; whoever reads it could make tokens");
}

TEST(KeySet, WhatIsNoKeySetIsRefused) {
  for (const char* json : {"", "{", "[]", "{}", R"({"keys":{}})", "null"})
    EXPECT_EQ(key_error(json), "'keys' is not a JSON object with a list of keys") << json;
  EXPECT_EQ(key_error(R"({"keys":[7]})"), "'keys' lists what is no key");
  EXPECT_EQ(key_error(R"({"keys":[]})"), "'keys' holds no key for RS256, ES256 or EdDSA");
  EXPECT_FALSE(KeySet::read("/nowhere"));
}

TEST(KeySet, OtherKindsAndUsesArePassedOver) {
  const std::string others =
      R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"},{"kty":"RSA","use":"enc"},)"
      R"({"kty":"RSA","alg":"RS512"},{"kty":"new"})";
  EXPECT_EQ(KeySet::parse(key_set_of({others, p256().jwk()}), "keys")->keys().size(), 1U);
}

}  // namespace
}  // namespace gauntlet::server
