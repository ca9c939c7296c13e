// Authorizer: bearer tokens on HTTP (RFC 6750), and what tells a client where to get one (RFC 9728;
// MCP basic/authorization). Each request is judged by its own token, from the Authorization header
// and nowhere else. A token is never logged, and what is wrong with one that is not ours or not
// signed shows in no difference between answers.
//
//   const auto principal = authorizer.authorize(request, unix_seconds);
//   if (!principal) …  // answer principal.error(), with its header line, before any body is read
//
// Reading the files is for start-up and reloading; the rest is const and pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "server/auth_config.h"
#include "server/jwks.h"
#include "server/jwt.h"
#include "server/token_file.h"
#include "wire/http.h"

namespace gauntlet::server {

inline constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";

struct AuthRefusal {
  int status = 401;         // 400, 401 or 403
  std::string_view text;    // for people
  std::string header_line;  // "WWW-Authenticate: …\r\n"
};

class Authorizer {
 public:
  // Reads the file that `config` names; its source is not `none`. Errors (usage) say what to do.
  // over_tls: how the server is reached, for URLs that are made of the Host header.
  static core::Result<Authorizer> make(const AuthConfig& config, bool over_tls);

  // The principal (never 0) that may go on.
  std::expected<std::uint64_t, AuthRefusal> authorize(const wire::HttpHead& request,
                                                      std::int64_t unix_seconds) const;

  // Whether the metadata is served there: at kMetadataPath, and with the resource's path behind it.
  bool is_metadata_path(std::string_view path) const;
  // The document (JSON).
  std::string metadata(const wire::HttpHead& request) const;

 private:
  struct Grant {
    std::uint64_t principal = 0;
    Scopes scopes;
  };
  using Checked = std::expected<Grant, std::string_view>;  // else: what is wrong, for people

  Authorizer(const AuthConfig& config, bool over_tls) : config_(config), over_tls_(over_tls) {}

  Checked check(std::string_view token, std::int64_t unix_seconds) const;
  std::string resource(const wire::HttpHead& request) const;
  AuthRefusal refuse(const wire::HttpHead& request, int status, std::string_view error,
                     std::string_view text) const;

  AuthConfig config_;
  bool over_tls_;
  std::variant<TokenFile, KeySet> accepted_;
};

}  // namespace gauntlet::server
