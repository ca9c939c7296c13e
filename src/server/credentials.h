// Credentials: what a server has read from the files that its Config names: its certificate, and
// whom it lets in. Immutable; to reload, read them again and give them to what starts next.
#pragma once

#include <memory>
#include <optional>

#include "core/result.h"
#include "net/tls_context.h"
#include "server/auth.h"

namespace gauntlet::server {

struct Config;

struct Credentials {
  std::optional<net::TlsContext> tls;    // of the HTTP listeners
  std::optional<Authorizer> authorizer;  // of their requests

  // Errors (usage) name the file or the option, and say what to do. Authorization and newline JSON
  // over TCP exclude each other: a line has no place for a token.
  static core::Result<std::shared_ptr<const Credentials>> read(const Config& config);
};

}  // namespace gauntlet::server
