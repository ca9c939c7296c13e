#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>

#include "chaos/proxy.h"
#include "chaos/proxy_control.h"
#include "core/descriptors.h"
#include "core/quantity.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "net/signals.h"

namespace gauntlet::main {
namespace {

// Of a process: listeners, loop, signals, and orders that come in.
constexpr std::size_t kOwnDescriptors = 128;

struct Setup {
  net::Endpoint listen;
  std::optional<net::Endpoint> control;
  chaos::ProxyTarget target;
  std::vector<chaos::Toxic> toxics;

  bool on_messages() const { return target.speaks != chaos::ProxyTarget::Speaks::bytes; }
};

core::Result<void> set_control(const ProxyOptions& options, Setup& setup) {
  if (options.control.empty()) return {};
  const auto where = net::Endpoint::parse(options.control);
  if (!where) return core::usage_error("--control: " + where.error().text);
  if (!where->is_loopback())
    return core::usage_error("--control takes unix:/path or a loopback address, not '" +
                             options.control + "'");
  if (options.control_token.empty())
    return core::usage_error("--control needs --control-token, which keeps others out");
  setup.control = *where;
  return {};
}

core::Result<Setup> make_setup(const ProxyOptions& options) {
  Setup setup;
  const auto listen = net::Endpoint::parse(options.listen);
  if (!listen) return core::usage_error("--listen: " + listen.error().text);
  setup.listen = *listen;
  if (listen->is_unix() && options.processes > 1)
    return core::usage_error("--processes shares a port; a Unix socket has one process");
  auto target = chaos::ProxyTarget::parse(options.upstream);
  if (!target) return core::fail(target.error().kind, "--upstream: " + target.error().text);
  setup.target = *target;
  if (!options.host.empty()) setup.target.host = options.host;
  for (const auto& text : options.toxics) {
    const auto toxic = chaos::parse_toxic(text);
    if (!toxic) return core::usage_error("--toxic: " + toxic.error().text);
    setup.toxics.push_back(*toxic);
  }
  if (auto ok = set_control(options, setup); !ok) return std::unexpected(ok.error());
  return setup;
}

// A connection takes two descriptors.
std::size_t connections_max() {
  const std::size_t most = core::raise_descriptor_limit();
  return (std::max(most, kOwnDescriptors + 2) - kOwnDescriptors) / 2;
}

// What the client is to use instead of the target's URL.
std::string address_of(const Setup& setup, const net::Endpoint& bound) {
  const std::string& text = setup.target.text;
  const std::size_t scheme = text.find("://");
  if (bound.is_unix() || setup.target.speaks == chaos::ProxyTarget::Speaks::bytes)
    return bound.text();
  if (setup.target.speaks == chaos::ProxyTarget::Speaks::lines) return "tcp://" + bound.text();
  const std::size_t path = text.find('/', scheme + 3);
  return "http://" + bound.text() + (path == std::string::npos ? "" : text.substr(path));
}

// Passes until SIGTERM or SIGINT: true; false where another process of the proxy has ended.
bool pass_until_told(const Setup& setup, chaos::ProxyBoard& board, int listener,
                     std::size_t process, int control, const std::string& token) {
  auto signals = net::Signals::open({SIGTERM, SIGINT, SIGCHLD});
  if (!signals) return false;
  int told = 0;
  const auto loop = net::make_loop();
  loop->watch(signals->fd(), [&] { told = signals->take().value_or(told); });
  std::optional<chaos::ProxyControl> orders;
  if (control >= 0) orders.emplace(*loop, control, token, board, setup.on_messages());
  chaos::Proxy proxy(*loop, listener, setup.target, board, process, connections_max());
  while (told == 0) proxy.turn();
  return told != SIGCHLD;
}

std::vector<pid_t> start_others(const Setup& setup, chaos::ProxyBoard& board,
                                std::vector<core::Fd>& listeners) {
  std::vector<pid_t> pids;
  const pid_t parent = getpid();
  std::fflush(nullptr);
  for (std::size_t process = 1; process < listeners.size(); ++process) {
    const pid_t pid = fork();
    if (pid != 0) {
      pids.push_back(pid);
      continue;
    }
    const core::Fd listener = std::move(listeners[process]);
    listeners.clear();  // what no process accepts from must not be listened on
    if (net::end_with_parent(parent))
      pass_until_told(setup, board, listener.get(), process, -1, {});
    _exit(kExitOk);
  }
  listeners.resize(1);
  return pids;
}

void stop_others(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids)
    if (pid > 0) kill(pid, SIGTERM);
  for (const pid_t pid : pids)
    if (pid > 0) waitpid(pid, nullptr, 0);
}

void print_counters(chaos::ProxyBoard& board) {
  const auto& totals = board.totals();
  fmt::print("gauntlet proxy: {} connections, {} bytes upstream, {} bytes downstream, {} answers\n",
             totals.accepted.load(), totals.bytes[0].load(), totals.bytes[1].load(),
             totals.answers.load());
  for (std::size_t i = 0; i < chaos::kToxicsMax; ++i) {
    const chaos::ToxicRow& row = board.table()[i];
    if (row.serial == 0 || row.toxic.name().empty()) continue;
    const auto& counters = board.counters(i);
    if (row.toxic.on_messages())
      fmt::print("gauntlet proxy: {} hit {} of {} messages\n", row.toxic.name(),
                 counters.messages.load(), counters.seen.load());
    else
      fmt::print("gauntlet proxy: {} hit {} connections, {} chunks, {} bytes\n", row.toxic.name(),
                 counters.connections.load(), counters.chunks.load(), counters.bytes.load());
  }
}

void unlink_sockets(const Setup& setup) {
  if (setup.listen.is_unix()) unlink(setup.listen.text().substr(5).c_str());
  if (setup.control && setup.control->is_unix()) unlink(setup.control->text().substr(5).c_str());
}

core::Result<int> serve_proxy(const ProxyOptions& options, const Setup& setup) {
  auto board = chaos::ProxyBoard::make(options.processes, options.seed);
  if (!board) return std::unexpected(board.error());
  for (const auto& toxic : setup.toxics)
    if (const auto put = chaos::put_in_force(**board, setup.on_messages(), toxic); !put)
      return core::usage_error("--toxic: " + put.error().text);
  auto listeners = net::listen_together(setup.listen, options.processes);
  if (!listeners) return core::usage_error("--listen: " + listeners.error().text);
  core::Fd control;
  if (setup.control) {
    auto listening = net::listen_on(*setup.control);
    if (!listening) return core::usage_error("--control: " + listening.error().text);
    control = std::move(*listening);
  }
  // Blocked before the others are started, so that no death among them goes unnoticed.
  const auto signals = net::Signals::open({SIGTERM, SIGINT, SIGCHLD});
  if (!signals) return std::unexpected(signals.error());
  const auto bound = net::local_endpoint(listeners->front().get());
  if (!bound) return std::unexpected(bound.error());
  const auto others = start_others(setup, **board, *listeners);
  if (control.valid())
    fmt::print("gauntlet proxy: orders on {}\n", net::local_endpoint(control.get())->text());
  fmt::print("gauntlet proxy: listening on {}\n", address_of(setup, *bound));
  std::fflush(stdout);
  const bool told = pass_until_told(setup, **board, listeners->front().get(), 0, control.get(),
                                    options.control_token);
  stop_others(others);
  unlink_sockets(setup);
  print_counters(**board);
  if (!told) return core::internal_error("a process of the proxy has ended; so has the proxy");
  return kExitOk;
}

}  // namespace

void declare_proxy_options(CLI::App& app, ProxyOptions& options) {
  app.add_option("--listen", options.listen,
                 "where clients connect: host:port, the port may be `auto`, or unix:/path")
      ->required();
  app.add_option("--upstream", options.upstream,
                 "the target: http://host:port/path, tcp://host:port or unix:/path; https://… and "
                 "host:port pass as bytes, unseen")
      ->required();
  app.add_option("--host", options.host, "what `Host` tells the target; default: as in --upstream");
  app.add_option("--toxic", options.toxics,
                 "in force from the beginning: KIND:name=value,…; repeatable; kinds in "
                 "docs/proxy.md")
      ->allow_extra_args(false);
  app.add_option("--control", options.control,
                 "where toxics are ordered: unix:/path or a loopback host:port; default: nowhere");
  app.add_option("--control-token", options.control_token, "who orders toxics shows this");
  app.add_option("--processes", options.processes,
                 "that share the port; default: 1, which carries about 9,900 connections where "
                 "20,000 descriptors are the limit")
      ->check(CLI::Range(std::size_t{1}, chaos::kProxyProcessesMax));
  app.add_option("--seed", options.seed, "of every choice; default: 1");
  app.add_flag("--exit-with-parent", options.exit_with_parent,
               "stop when the process that started this one ends");
}

int proxy_command(const ProxyOptions& options) {
  if (options.exit_with_parent && !net::end_with_parent(getppid())) return kExitOk;
  const auto setup = make_setup(options);
  if (!setup) return complain(setup.error());
  const auto served = serve_proxy(options, *setup);
  return served ? *served : complain(served.error());
}

}  // namespace gauntlet::main
