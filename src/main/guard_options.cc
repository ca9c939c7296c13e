#include "main/guard_options.h"

#include <fmt/format.h>

namespace gauntlet::main {
namespace {

core::Result<void> read_auth(std::string_view text, server::AuthConfig& config) {
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  if (kind == "token-file") config.source = server::AuthSource::token_file;
  if (kind == "jwks") config.source = server::AuthSource::jwks;
  if (config.source == server::AuthSource::none || colon == std::string_view::npos)
    return core::usage_error(
        fmt::format("--auth '{}' is neither token-file:PATH nor jwks:PATH", text));
  config.path = text.substr(colon + 1);
  return {};
}

}  // namespace

void declare_guard_options(CLI::App& app, GuardOptions& options) {
  auto* const cert = app.add_option("--tls-cert", options.tls_cert,
                                    "PEM certificate chain: the --http listeners speak TLS 1.3");
  auto* const key = app.add_option("--tls-key", options.tls_key, "PEM private key of --tls-cert");
  cert->needs(key);
  key->needs(cert);
  auto* const auth = app.add_option("--auth", options.auth,
                                    "bearer tokens over HTTP: token-file:PATH (lines `token "
                                    "subject scope,…`) or jwks:PATH (JWTs)");
  app.add_option("--auth-issuer", options.issuer, "jwks: the `iss` of every token")->needs(auth);
  app.add_option("--auth-audience", options.audience,
                 "jwks: an `aud` of every token; a URL is also announced as this resource")
      ->needs(auth);
  app.add_option("--auth-server", options.servers,
                 "URL of an authorization server to announce; default: the issuer")
      ->needs(auth)
      ->allow_extra_args(false);
  app.add_option("--auth-scope", options.scopes, "scope that a token must have; default: mcp")
      ->needs(auth)
      ->allow_extra_args(false);
}

core::Result<void> apply_guard_options(const GuardOptions& options, server::Config& config) {
  config.tls = {options.tls_cert, options.tls_key};
  if (options.auth.empty()) return {};
  if (auto good = read_auth(options.auth, config.auth); !good) return good;
  config.auth.issuer = options.issuer;
  config.auth.audience = options.audience;
  config.auth.servers = options.servers;
  if (!options.scopes.empty()) config.auth.scopes = options.scopes;
  return {};
}

}  // namespace gauntlet::main
