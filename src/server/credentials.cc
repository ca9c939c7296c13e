#include "server/credentials.h"

#include "server/config.h"

namespace gauntlet::server {
namespace {

core::Result<void> check_lines(const Config& config) {
  if (config.auth.source == AuthSource::none) return {};
  for (const net::Endpoint& where : config.lines)
    if (!where.is_unix())
      return core::usage_error("authorization cannot guard newline JSON on tcp://" + where.text() +
                               ", which has no place for a token; use HTTP or a Unix socket");
  return {};
}

}  // namespace

core::Result<std::shared_ptr<const Credentials>> Credentials::read(const Config& config) {
  if (auto good = check_lines(config); !good) return std::unexpected(good.error());
  auto credentials = std::make_shared<Credentials>();
  const bool over_tls = !config.tls.certificate_chain.empty();
  if (over_tls) {
    auto context = net::TlsContext::server(config.tls);
    if (!context) return std::unexpected(context.error());
    credentials->tls = std::move(*context);
  }
  if (config.auth.source != AuthSource::none) {
    auto authorizer = Authorizer::make(config.auth, over_tls);
    if (!authorizer) return std::unexpected(authorizer.error());
    credentials->authorizer = std::move(*authorizer);
  }
  return credentials;
}

}  // namespace gauntlet::server
