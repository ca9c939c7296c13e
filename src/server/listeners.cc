#include "server/listeners.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace gauntlet::server {
namespace {

std::string path_of_socket(const net::Endpoint& where) { return where.text().substr(5); }

// Whether somebody accepts connections there.
bool answers(const net::Endpoint& where) {
  const core::Fd probe(socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(probe.get(), where.address(), where.length()) == 0;
}

// A Unix socket that its server left behind is removed; anything else at that path is not ours.
core::Result<void> make_way(const net::Endpoint& where) {
  const std::string path = path_of_socket(where);
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return core::usage_error("'" + path + "' exists and is not a socket");
  if (answers(where)) return core::usage_error("another server listens on '" + path + "'");
  unlink(path.c_str());
  return {};
}

std::vector<std::pair<net::Endpoint, Speaks>> wanted(const Config& config) {
  std::vector<std::pair<net::Endpoint, Speaks>> all;
  for (const net::Endpoint& where : config.http) all.emplace_back(where, Speaks::http);
  for (const net::Endpoint& where : config.lines) all.emplace_back(where, Speaks::lines);
  if (config.failpoints) all.emplace_back(config.failpoints->where, Speaks::failpoints);
  return all;
}

// A peer that is gone without a word is noticed after a minute and a half. What a listening socket
// has set, the accepted ones have.
void probe_the_silent(int fd) {
  const auto set = [fd](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

core::Result<Listener> open_one(const net::Endpoint& where, Speaks speaks, std::size_t workers) {
  if (where.is_unix())
    if (auto way = make_way(where); !way) return std::unexpected(way.error());
  auto sockets = net::listen_together(where, where.is_unix() ? 1 : workers);
  if (!sockets) return std::unexpected(sockets.error());
  const auto bound = net::local_endpoint(sockets->front().get());
  if (!bound) return std::unexpected(bound.error());
  if (!where.is_unix())
    for (const core::Fd& socket : *sockets) probe_the_silent(socket.get());
  return Listener{*bound, speaks, std::move(*sockets)};
}

}  // namespace

core::Result<Listeners> Listeners::open(const Config& config, std::size_t workers) {
  Listeners listeners;
  listeners.opened_by_ = getpid();
  for (const auto& [where, speaks] : wanted(config)) {
    auto listener = open_one(where, speaks, workers);
    if (!listener) return std::unexpected(listener.error());
    listeners.all_.push_back(std::move(*listener));
  }
  return listeners;
}

Listeners& Listeners::operator=(Listeners&& other) noexcept {
  if (this == &other) return *this;
  close();
  all_ = std::move(other.all_);
  other.all_.clear();
  opened_by_ = other.opened_by_;
  return *this;
}

std::vector<net::Endpoint> Listeners::endpoints(Speaks speaks) const {
  std::vector<net::Endpoint> endpoints;
  for (const Listener& listener : all_)
    if (listener.speaks == speaks) endpoints.push_back(listener.where);
  return endpoints;
}

void Listeners::close() {
  const bool supervised = getpid() != opened_by_ && getppid() == opened_by_;
  for (const Listener& listener : all_)
    if (listener.where.is_unix() && !supervised) unlink(path_of_socket(listener.where).c_str());
  all_.clear();
}

}  // namespace gauntlet::server
