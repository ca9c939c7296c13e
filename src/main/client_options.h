// ClientOptions: how the command line of `gauntlet run` changes a plan's [client].
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "run/plan.h"

namespace gauntlet::main {

struct ClientOptions {
  std::string heartbeat, heartbeat_timeout, tcp_user_timeout, opening_timeout, attempt_timeout;
  std::string retry, reconnect_backoff;
  std::optional<std::uint32_t> retries;
  bool idempotent = false;
};

void declare_client_options(CLI::App& app, ClientOptions& options);

// After the mix is known. Errors are usage errors that name the option.
core::Result<void> override_client(const ClientOptions& options, run::LoadPlan& load);

}  // namespace gauntlet::main
