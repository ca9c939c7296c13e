#include "server/auth.h"

#include <boost/json.hpp>

#include <algorithm>

#include "server/digest.h"
#include "wire/http_grammar.h"

namespace gauntlet::server {
namespace {

using View = std::string_view;

constexpr View kResourcePath = "/mcp";
constexpr View kScheme = "bearer ";
constexpr View kUnknown = "the token is not known";

bool is_url(View text) { return text.starts_with("https://") || text.starts_with("http://"); }

// The token of "Bearer <token>"; nothing where the header says something else.
std::optional<View> token_of(View authorization) {
  if (!wire::equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  authorization.remove_prefix(
      std::min(authorization.find_first_not_of(' ', kScheme.size()), authorization.size()));
  if (authorization.empty() || authorization.find(' ') != View::npos) return std::nullopt;
  return authorization;
}

// RFC 6750 section 2.3 and MCP: query strings end up in logs.
bool has_query_token(View target) {
  const std::size_t query = target.find('?');
  return query != View::npos && target.find("access_token=", query) != View::npos;
}

// It goes into a quoted string and into JSON.
bool is_host(View text) {
  return !text.empty() && text.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789.-_:[]") == View::npos;
}

bool is_quotable(View text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

// "https://host/path": the path, which may be empty.
View path_of_url(View url) {
  const std::size_t slash = url.find('/', url.find("://") + 3);
  return slash == View::npos ? View() : url.substr(slash);
}

// RFC 9728 section 3.1: between host and path.
std::string metadata_url(View resource) {
  const View path = path_of_url(resource);
  return std::string(resource.substr(0, resource.size() - path.size()))
      .append(kMetadataPath)
      .append(path == "/" ? View() : path);
}

core::Result<void> check_config(const AuthConfig& config) {
  for (const std::string& scope : config.scopes)
    if (!is_quotable(scope)) return core::usage_error("'" + scope + "' is not a scope");
  if (!is_quotable(config.audience))
    return core::usage_error("'" + config.audience + "' is not an audience");
  for (const std::string& server : config.servers)
    if (!is_url(server)) return core::usage_error("'" + server + "' is not a URL");
  if (config.source == AuthSource::jwks && (config.issuer.empty() || config.audience.empty()))
    return core::usage_error(
        "tokens are checked for whom they are from and for: give both issuer "
        "and audience");
  return {};
}

}  // namespace

core::Result<Authorizer> Authorizer::make(const AuthConfig& config, bool over_tls) {
  if (auto good = check_config(config); !good) return std::unexpected(good.error());
  Authorizer authorizer(config, over_tls);
  if (authorizer.config_.servers.empty() && is_url(config.issuer))
    authorizer.config_.servers.push_back(config.issuer);
  if (config.source == AuthSource::jwks) {
    auto keys = KeySet::read(config.path);
    if (!keys) return std::unexpected(keys.error());
    authorizer.accepted_ = std::move(*keys);
  } else {
    auto tokens = TokenFile::read(config.path);
    if (!tokens) return std::unexpected(tokens.error());
    authorizer.accepted_ = std::move(*tokens);
  }
  return authorizer;
}

Authorizer::Checked Authorizer::check(View token, std::int64_t unix_seconds) const {
  if (const auto* const file = std::get_if<TokenFile>(&accepted_)) {
    const TokenFile::Entry* const entry = file->find(token);
    if (entry == nullptr) return std::unexpected(kUnknown);
    return Grant{entry->principal, entry->scopes};
  }
  auto claims = check_jwt(token, std::get<KeySet>(accepted_), {config_.issuer, config_.audience},
                          unix_seconds);
  if (!claims && claims.error() <= JwtError::bad_signature) return std::unexpected(kUnknown);
  if (!claims) return std::unexpected(to_string(claims.error()));
  return Grant{principal_of(config_.issuer, claims->subject), std::move(claims->scopes)};
}

std::expected<std::uint64_t, AuthRefusal> Authorizer::authorize(const wire::HttpHead& request,
                                                                std::int64_t unix_seconds) const {
  const auto refused = [&](int status, View error, View text) {
    return std::unexpected(refuse(request, status, error, text));
  };
  if (has_query_token(request.target))
    return refused(400, "invalid_request", "a token belongs in the Authorization header");
  const std::size_t count = request.count_of("authorization");
  if (count == 0) return refused(401, "", "a bearer token is needed");
  if (count > 1) return refused(400, "invalid_request", "there are two Authorization headers");
  const auto token = token_of(request.value_of("authorization"));
  if (!token) return refused(401, "", "a bearer token is needed");
  const Checked grant = check(*token, unix_seconds);
  if (!grant) return refused(401, "invalid_token", grant.error());
  if (!covers(grant->scopes, config_.scopes))
    return refused(403, "insufficient_scope", "the token does not allow this");
  return grant->principal;
}

std::string Authorizer::resource(const wire::HttpHead& request) const {
  if (is_url(config_.audience)) return config_.audience;
  const View host = request.value_of("host");
  if (!is_host(host)) return {};
  return std::string(over_tls_ ? "https://" : "http://").append(host).append(kResourcePath);
}

AuthRefusal Authorizer::refuse(const wire::HttpHead& request, int status, View error,
                               View text) const {
  std::string line = "WWW-Authenticate: Bearer";
  auto add = [&, first = true](View name, View value) mutable {
    if (value.empty()) return;
    line.append(first ? " " : ", ").append(name).append("=\"").append(value).append("\"");
    first = false;
  };
  const std::string where = resource(request);
  add("error", error);
  add("error_description", error.empty() ? View() : text);
  add("resource_metadata", where.empty() ? std::string() : metadata_url(where));
  add("scope", joined(config_.scopes));
  return {status, text, line + "\r\n"};
}

bool Authorizer::is_metadata_path(View path) const {
  if (!path.starts_with(kMetadataPath)) return false;
  path.remove_prefix(kMetadataPath.size());
  return path.empty() || path == kResourcePath ||
         (is_url(config_.audience) && path == path_of_url(config_.audience));
}

std::string Authorizer::metadata(const wire::HttpHead& request) const {
  boost::json::object document{{"resource", resource(request)},
                               {"bearer_methods_supported", {"header"}},
                               {"scopes_supported", boost::json::value_from(config_.scopes)}};
  if (!config_.servers.empty())
    document["authorization_servers"] = boost::json::value_from(config_.servers);
  return boost::json::serialize(document);
}

}  // namespace gauntlet::server
