#include "main/spawned_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fd.h"

namespace gauntlet::main {
namespace {

constexpr core::Nanos kReadyTimeout = 30 * core::kSecond;
constexpr useconds_t kLookPause = 20'000;  // us
constexpr const char* kLabHint =
    ". It is in the lab, where it reaches nothing outside; --lab off leaves it out of it";

net::ChildOptions options_of(const net::Namespaces* inside) {
  return {.stdout_to_stderr = true, .inside = inside};
}

bool accepts(const net::Endpoint& where) {
  const core::Fd socket(::socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return socket.valid() && connect(socket.get(), where.address(), where.length()) == 0;
}

}  // namespace

core::Result<SpawnedServer> SpawnedServer::start(const std::vector<std::string>& command,
                                                 const net::Endpoint& where,
                                                 const net::Namespaces* inside) {
  if (accepts(where))
    return core::usage_error(
        fmt::format("somebody listens on {} already, and would be loaded instead of `{}`",
                    where.text(), command.front()));
  auto child = net::Child::start(command, options_of(inside));
  if (!child) return std::unexpected(child.error());
  const char* hint = inside != nullptr ? kLabHint : "";
  const core::Nanos deadline = core::monotonic_ns() + kReadyTimeout;
  for (; !accepts(where); usleep(kLookPause)) {
    if (const auto exit = child->poll_exit())
      return core::unreachable_error(fmt::format("`{}` {} before it accepted connections on {}{}",
                                                 command.front(), *exit, where.text(), hint));
    if (core::monotonic_ns() > deadline)
      return core::unreachable_error(
          fmt::format("`{}` accepts no connections on {}{}", command.front(), where.text(), hint));
  }
  return SpawnedServer(command, inside, std::move(*child));
}

core::Result<void> SpawnedServer::start_again() {
  auto child = net::Child::start(command_, options_of(inside_));
  if (!child) return std::unexpected(child.error());
  child_ = std::move(*child);
  return {};
}

}  // namespace gauntlet::main
