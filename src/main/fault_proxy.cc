#include "main/fault_proxy.h"

#include <fmt/format.h>

#include <filesystem>
#include <random>
#include <vector>

#include "chaos/proxy_board.h"
#include "chaos/proxy_fault.h"
#include "chaos/proxy_toxic.h"
#include "core/clock.h"

namespace gauntlet::main {
namespace {

constexpr core::Nanos kReadyTimeout = 15 * core::kSecond;
constexpr std::uint32_t kConnectionsPerProcess = 9'000;  // two descriptors each
constexpr std::string_view kOrders = "orders on ";
constexpr std::string_view kListening = "listening on ";

std::string random_token() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", device());
  return token;
}

// The rest of the next line that has `mark` in it.
core::Result<std::string> next_after(net::Child& child, std::string_view mark) {
  const core::Nanos deadline = core::monotonic_ns() + kReadyTimeout;
  for (;;) {
    const auto line = child.read_line(deadline);
    if (!line) return core::internal_error("our fault proxy did not start: " + line.error().text);
    const std::size_t at = line->find(mark);
    if (at != std::string::npos) return line->substr(at + mark.size());
  }
}

// "http://127.0.0.1:20000/mcp", "tcp://127.0.0.1:20000".
core::Result<net::Endpoint> endpoint_of(const std::string& url) {
  const auto parsed = net::Url::parse(url);
  if (!parsed) return std::unexpected(parsed.error());
  return parsed->endpoint;
}

std::string upstream_of(const net::Url& target) {
  if (target.endpoint.is_unix()) return target.text;
  if (target.scheme != net::Url::Scheme::http) return "tcp://" + target.endpoint.text();
  return "http://" + target.endpoint.text() + target.path;
}

}  // namespace

core::Result<FaultProxy> FaultProxy::start(const net::Url& target, std::uint32_t connections,
                                           std::uint64_t seed) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string token = random_token();
  const std::uint32_t processes = 1 + connections / kConnectionsPerProcess;
  std::vector<std::string> argv = {self,
                                   "proxy",
                                   "--exit-with-parent",
                                   "--listen",
                                   "127.0.0.1:auto",
                                   "--upstream",
                                   upstream_of(target),
                                   "--control",
                                   "127.0.0.1:auto",
                                   "--control-token",
                                   token,
                                   "--processes",
                                   std::to_string(processes),
                                   "--seed",
                                   std::to_string(seed)};
  if (!target.host.empty()) argv.insert(argv.end(), {"--host", target.host});
  auto child = net::Child::start(argv, {.stdout_pipe = true});
  if (!child) return std::unexpected(child.error());
  const auto orders_text = next_after(*child, kOrders);
  if (!orders_text) return std::unexpected(orders_text.error());
  const auto orders = net::Endpoint::parse(*orders_text);
  if (!orders) return std::unexpected(orders.error());
  const auto url = next_after(*child, kListening);
  if (!url) return std::unexpected(url.error());
  const auto where = endpoint_of(*url);
  if (!where) return std::unexpected(where.error());
  return FaultProxy(std::move(*child), *orders, *where, token);
}

core::Result<std::unique_ptr<chaos::Fault>> FaultProxy::make(std::string_view name,
                                                             std::string_view text) const {
  if (text.empty())
    return core::usage_error("with = { toxic = \"latency:ms=100\" } is missing (docs/proxy.md)");
  const bool bare = text.find(':') == std::string_view::npos;
  const auto toxic = chaos::parse_toxic(fmt::format("{}{}name={}", text, bare ? ":" : ",",
                                                    name.substr(0, chaos::kToxicNameBytesMax)));
  if (!toxic) return std::unexpected(toxic.error());
  return std::make_unique<chaos::ProxyFault>(orders_, token_, *toxic);
}

}  // namespace gauntlet::main
