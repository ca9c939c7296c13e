#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "core/quantity.h"
#include "main/commands.h"
#include "main/exit_code.h"
#include "main/floor.h"
#include "main/io_option.h"
#include "net/child.h"
#include "net/signals.h"
#include "run/plan_bounds.h"

namespace gauntlet::main {
namespace {

constexpr core::Nanos kReadyTimeout = 15 * core::kSecond;
constexpr std::string_view kReadyLine = "gauntlet floor: echoing on ";

core::Result<void> be_the_peer(const std::string& text, net::Io io) {
  const auto where = net::Endpoint::parse(text);
  if (!where) return core::usage_error("--echo: " + where.error().text);
  const auto signals = net::Signals::open({SIGTERM, SIGINT});
  if (!signals) return std::unexpected(signals.error());
  auto served = load::run_echo_peer(
      *where, signals->fd(),
      [](const net::Endpoint& bound) {
        fmt::print("{}{}\n", kReadyLine, bound.text());
        std::fflush(stdout);
      },
      io);
  if (where->is_unix()) unlink(where->text().substr(5).c_str());
  return served;
}

std::string address_for(const std::string& transport) {
  if (transport != "unix") return "127.0.0.1:auto";
  return fmt::format("unix:/tmp/gauntlet-floor-{}.sock", getpid());
}

}  // namespace

void declare_floor_options(CLI::App& app, FloorOptions& options) {
  app.add_option("-c,--connections", options.connections, "default: 150")
      ->check(CLI::Range(std::uint64_t{1}, run::kConnectionsMax));
  app.add_option("--burst", options.burst, "messages of one connection at once; default: 1")
      ->check(CLI::Range(std::uint64_t{1}, run::kBurstMax));
  app.add_option("--bytes", options.bytes, "of a message, there and back; default: 256")
      ->check(CLI::Range(std::size_t{1}, run::kArgumentsBytesMax));
  app.add_option("-d,--duration", options.duration, "default: 2s");
  app.add_option("--transport", options.transport, "tcp or unix")
      ->check(CLI::IsMember({"tcp", "unix"}));
  declare_io_option(app, options.io);
  auto* const echo = app.add_option(
      "--echo", options.echo,
      "only be the peer that echoes, at host:port (the port may be `auto`) or unix:PATH");
  app.add_option("--peer", options.peer,
                 "the peer that --echo started, on a core of its own perhaps; default: start one")
      ->excludes(echo)
      ->excludes(app.get_option("--transport"));
  app.add_flag("--json", options.json, "one line of JSON")->excludes(echo);
}

core::Result<load::Floor> floor_here(const load::FloorPattern& pattern,
                                     const std::string& transport) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  auto peer = net::Child::start({self, "floor", "--echo", address_for(transport), "--io",
                                 std::string(net::name_of(pattern.io))},
                                {.stdout_pipe = true});
  if (!peer) return std::unexpected(peer.error());
  const auto line = peer->read_line(core::monotonic_ns() + kReadyTimeout);
  if (!line || !line->starts_with(kReadyLine))
    return core::internal_error("the floor's echo peer did not start");
  const auto where = net::Endpoint::parse(line->substr(kReadyLine.size()));
  if (!where) return std::unexpected(where.error());
  return load::measure_floor(*where, pattern);
}

namespace {

core::Result<load::Floor> measure(const FloorOptions& options, const load::FloorPattern& pattern) {
  if (options.peer.empty()) return floor_here(pattern, options.transport);
  const auto where = net::Endpoint::parse(options.peer);
  if (!where) return core::usage_error("--peer: " + where.error().text);
  return load::measure_floor(*where, pattern);
}

void print_json(const load::FloorPattern& pattern, const load::Floor& floor) {
  fmt::print(R"({{"messages_per_s":{:.1f},"connections":{},"burst":{},"message_bytes":{},)"
             R"("burst_ms":{{"p50":{:.3f},"p99":{:.3f}}},"cpu_us_per_message":{:.3f},)"
             R"("monotonic_ns":{{"begin":{},"end":{}}}}})"
             "\n",
             floor.messages_per_s, pattern.connections, pattern.burst, pattern.message_bytes,
             floor.burst_p50_ms, floor.burst_p99_ms, floor.cpu_us_per_message, floor.begin,
             floor.end);
}

void print_text(const FloorOptions& options, const load::Floor& floor) {
  const std::string where =
      options.peer.empty() ? "over " + options.transport : "by " + options.peer;
  fmt::print("floor       {} messages/s echoed {}, nothing done with them\n",
             core::format_count(static_cast<std::uint64_t>(floor.messages_per_s)), where);
  fmt::print("pattern     {} connections, each sends the next burst of {} x {} bytes at once\n",
             options.connections, options.burst, options.bytes);
  fmt::print("burst       p50 {:.3g} ms, p99 {:.3g} ms\n", floor.burst_p50_ms, floor.burst_p99_ms);
}

}  // namespace

int floor_command(const FloorOptions& options) {
  const auto io = chosen_io(options.io);
  if (!io) return complain(io.error());
  if (!options.echo.empty()) {
    const auto served = be_the_peer(options.echo, *io);
    return served ? kExitOk : complain(served.error());
  }
  const auto length = core::parse_duration(options.duration);
  if (!length || *length < run::kPhaseMin || *length > run::kPhaseMax)
    return complain(core::Error{core::ErrorKind::usage, "--duration must lie in 100ms-7d"});
  const load::FloorPattern pattern = {.connections = options.connections,
                                      .burst = options.burst,
                                      .message_bytes = options.bytes,
                                      .length = *length,
                                      .io = *io};
  const auto floor = measure(options, pattern);
  if (!floor) return complain(floor.error());
  if (options.json)
    print_json(pattern, *floor);
  else
    print_text(options, *floor);
  return kExitOk;
}

}  // namespace gauntlet::main
