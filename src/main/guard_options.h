// GuardOptions: those of `gauntlet serve` that say who may talk to it, and that nobody listens in.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "core/result.h"
#include "server/config.h"

namespace gauntlet::main {

struct GuardOptions {
  std::string tls_cert, tls_key;  // PEM files
  std::string auth;               // token-file:PATH or jwks:PATH
  std::string issuer, audience;
  std::vector<std::string> servers, scopes;
};

void declare_guard_options(CLI::App& app, GuardOptions& options);
core::Result<void> apply_guard_options(const GuardOptions& options, server::Config& config);

}  // namespace gauntlet::main
