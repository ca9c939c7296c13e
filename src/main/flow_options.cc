#include "main/flow_options.h"

#include <fmt/format.h>

#include <ranges>
#include <string_view>

#include "core/quantity.h"

namespace gauntlet::main {
namespace {

// Stores what was parsed, or says what is wrong with it.
template <typename To, typename From>
core::Result<void> store(To& to, const core::Result<From>& from) {
  if (!from) return std::unexpected(from.error());
  to = *from;
  return {};
}

core::Result<void> read_limit(std::string_view name, std::string_view value,
                              server::BreakerLimits& limits) {
  if (name == "p95") return store(limits.p95_ns, core::parse_duration(value));
  if (name == "errors") return store(limits.error_share, core::parse_ratio(value));
  if (name == "cpu") return store(limits.cpu_share, core::parse_ratio(value));
  if (name == "memory") return store(limits.memory_bytes, core::parse_bytes(value));
  return core::usage_error(fmt::format("'{}' is none of p95, errors, cpu, memory", name));
}

// "p95=1s,errors=50%,cpu=95%,memory=2GB", or "off".
core::Result<void> read_breaker(std::string_view text, server::BreakerLimits& limits) {
  if (text == "off") return {};
  for (const auto part : text | std::views::split(',')) {
    const std::string_view limit(part.begin(), part.end());
    const std::size_t equals = limit.find('=');
    if (equals == std::string_view::npos)
      return core::usage_error(fmt::format("--breaker: '{}' is not NAME=LIMIT", limit));
    if (auto read = read_limit(limit.substr(0, equals), limit.substr(equals + 1), limits); !read)
      return core::usage_error("--breaker: " + read.error().text);
  }
  return {};
}

}  // namespace

void declare_flow_options(CLI::App& app, FlowOptions& options) {
  app.add_option("--rate-limit", options.rate_limit,
                 "messages that one client may send, N[/s], twice as many at once; 0: any number "
                 "(for load tests); default: 500/s");
  app.add_option("--breaker", options.breaker,
                 "refuse work early while one of these is exceeded: p95=TIME, errors=SHARE, "
                 "cpu=SHARE, memory=BYTES; or off; default: p95=1s,errors=50%");
}

core::Result<void> apply_flow_options(const FlowOptions& options, server::FlowLimits& limits) {
  const auto rate = core::parse_rate(options.rate_limit);
  if (!rate) return core::usage_error("--rate-limit: " + rate.error().text);
  limits.messages_per_second = *rate;
  return read_breaker(options.breaker, limits.breaker);
}

}  // namespace gauntlet::main
