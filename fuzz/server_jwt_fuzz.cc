// Any bytes as a JSON Web Token: no crash, and never let in. The key's private half is nowhere.
#include "core/check.h"
#include "server/jwt.h"

using namespace gauntlet::server;

namespace {

// Of RFC 7515 appendix A.2 and A.3, and RFC 8037 appendix A.2: the corpus has their tokens, whose
// signatures fit. Their claims do not: the issuer is another.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const KeySet keys = *KeySet::parse(kKeys, "keys");
  static const JwtRules rules{"https://issuer.example", "https://mcp.example"};
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  GAUNTLET_CHECK(!check_jwt(token, keys, rules, 1'800'000'000));
  return 0;
}
