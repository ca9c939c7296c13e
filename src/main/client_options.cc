#include "main/client_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/quantity.h"
#include "run/plan_bounds.h"

namespace gauntlet::main {
namespace {

// Leaves `into` alone where the option was not given.
core::Result<void> read_time(const std::string& text, std::string_view name, core::Nanos low,
                             core::Nanos high, core::Nanos& into) {
  if (text.empty()) return {};
  const auto value = core::parse_duration(text);
  if (!value) return core::usage_error(fmt::format("{}: {}", name, value.error().text));
  if (*value < low || *value > high)
    return core::usage_error(fmt::format("{} must lie in {}-{}", name, core::format_duration(low),
                                         core::format_duration(high)));
  into = *value;
  return {};
}

core::Result<void> override_times(const ClientOptions& options, run::ClientPlan& client) {
  using run::kHeartbeatMax;
  using run::kHeartbeatMin;
  using run::kTimeoutMax;
  using run::kTimeoutMin;
  const std::array steps = {
      read_time(options.heartbeat, "--heartbeat", kHeartbeatMin, kHeartbeatMax, client.heartbeat),
      read_time(options.heartbeat_timeout, "--heartbeat-timeout", kHeartbeatMin, kHeartbeatMax,
                client.heartbeat_timeout),
      read_time(options.tcp_user_timeout, "--tcp-user-timeout", kTimeoutMin, kTimeoutMax,
                client.tcp_user_timeout),
      read_time(options.opening_timeout, "--opening-timeout", kTimeoutMin, kTimeoutMax,
                client.opening_timeout),
      read_time(options.attempt_timeout, "--attempt-timeout", kTimeoutMin, kTimeoutMax,
                client.attempt_timeout)};
  for (const auto& step : steps)
    if (!step) return step;
  if (!options.heartbeat_timeout.empty() && client.heartbeat == 0)
    return core::usage_error("--heartbeat-timeout needs --heartbeat");
  return {};
}

core::Result<void> override_retries(const ClientOptions& options, run::LoadPlan& load) {
  run::ClientPlan& client = load.client;
  if (options.retry == "none") client.retry = run::Retry::none;
  if (options.retry == "backoff") client.retry = run::Retry::backoff;
  if (options.retry == "storm") client.retry = run::Retry::storm;
  if (options.retries) {
    if (client.retry != run::Retry::backoff)
      return core::usage_error("--retries needs --retry backoff");
    if (*options.retries < 1 || *options.retries > run::kRetriesMax)
      return core::usage_error(fmt::format("--retries must lie in 1-{}", run::kRetriesMax));
    client.retries = *options.retries;
  }
  if (client.retry != run::Retry::none &&
      std::ranges::none_of(load.mix, &run::Operation::idempotent))
    return core::usage_error("--retry: no call may be repeated; say --idempotent if they may");
  return {};
}

}  // namespace

void declare_client_options(CLI::App& app, ClientOptions& options) {
  app.add_option("--heartbeat", options.heartbeat,
                 "a connection silent for this long is asked whether it lives");
  app.add_option("--heartbeat-timeout", options.heartbeat_timeout,
                 "and given up after as long again; default: 2s");
  app.add_option("--tcp-user-timeout", options.tcp_user_timeout,
                 "a connection whose bytes nobody acknowledges for this long ends");
  app.add_option("--opening-timeout", options.opening_timeout,
                 "to connect and open; default: 10s, or --timeout if that is longer");
  app.add_option("--attempt-timeout", options.attempt_timeout, "of one attempt of a message");
  app.add_option("--retry", options.retry,
                 "none, backoff, or storm: at once and without end, as a bad client does")
      ->check(CLI::IsMember({"none", "backoff", "storm"}));
  app.add_option("--retries", options.retries, "of one message with --retry backoff; default: 2");
  app.add_flag("--idempotent", options.idempotent, "all calls may be repeated");
  app.add_option("--reconnect-backoff", options.reconnect_backoff,
                 "jitter, or none: at once, as a bad client does")
      ->check(CLI::IsMember({"jitter", "none"}));
}

core::Result<void> override_client(const ClientOptions& options, run::LoadPlan& load) {
  if (auto times = override_times(options, load.client); !times) return times;
  if (load.client.attempt_timeout > load.timeout)
    return core::usage_error("--attempt-timeout is longer than --timeout");
  if (options.reconnect_backoff == "none") load.client.backoff = run::Backoff::none;
  if (options.reconnect_backoff == "jitter") load.client.backoff = run::Backoff::jitter;
  if (options.idempotent)
    for (auto& operation : load.mix) operation.idempotent = true;
  return override_retries(options, load);
}

}  // namespace gauntlet::main
