#include "net/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace gauntlet::net {
namespace {

constexpr std::uint16_t kFirstFreePort = 20000;
constexpr std::uint16_t kLastFreePort = 32000;
constexpr int kListenBacklog = 4096;

core::Result<std::uint16_t> parse_port(std::string_view text) {
  if (text == "auto") return std::uint16_t{0};
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size())
    return core::usage_error("'" + std::string(text) + "' is not a port; give 1-65535 or auto");
  return port;
}

struct HostPort {
  std::string host;
  std::string_view port;  // empty where none was given
};

core::Result<HostPort> split_host_port(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos)
    return core::usage_error("'" + std::string(text) + "': the ']' of the address is missing");
  const std::size_t colon = text.find(':', bracket);
  HostPort split;
  if (colon != std::string_view::npos) split.port = text.substr(colon + 1);
  std::string_view host = text.substr(0, colon);
  if (bracket > 0) {
    if (host.size() != bracket + 1)
      return core::usage_error("'" + std::string(text) + "' is not host:port");
    host = host.substr(1, bracket - 1);
  }
  split.host = host.empty() ? "127.0.0.1" : std::string(host);
  return split;
}

std::string host_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
    return text;
  }
  inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text,
            sizeof text);
  return "[" + std::string(text) + "]";
}

// How a port is shared. The first of several sockets listens as one that shares nothing, so that
// somebody else's is noticed, and lets the others in after that.
enum class Sharing : std::uint8_t { none, first, joined };

void set_option(int fd, int option) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, option, &on, sizeof on);
}

core::Result<core::Fd> bind_and_listen(const Endpoint& where, Sharing sharing) {
  core::Fd socket(::socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return std::unexpected(core::errno_error("socket"));
  if (!where.is_unix()) set_option(socket.get(), SO_REUSEADDR);
  if (sharing == Sharing::joined) set_option(socket.get(), SO_REUSEPORT);
  if (::bind(socket.get(), where.address(), where.length()) != 0 ||
      ::listen(socket.get(), kListenBacklog) != 0)
    return std::unexpected(core::errno_error("cannot listen on " + where.text()));
  if (sharing == Sharing::first) set_option(socket.get(), SO_REUSEPORT);
  return socket;
}

Endpoint with_port(const Endpoint& where, std::uint16_t port) {
  return *Endpoint::tcp(host_text(where.address()), port);
}

core::Result<core::Fd> listen_first(const Endpoint& where, Sharing sharing) {
  if (where.is_unix() || where.port() != 0) return bind_and_listen(where, sharing);
  for (std::uint16_t port = kFirstFreePort; port <= kLastFreePort; ++port) {
    auto socket = bind_and_listen(with_port(where, port), sharing);
    if (socket || errno != EADDRINUSE) return socket;
  }
  return core::internal_error("no free port in 20000-32000");
}

}  // namespace

core::Result<Endpoint> Endpoint::parse(std::string_view text) {
  if (text.starts_with("unix:")) return unix_path(text.substr(5));
  auto split = split_host_port(text);
  if (!split) return std::unexpected(split.error());
  if (split->port.empty())
    return core::usage_error("'" + std::string(text) + "' names no port; write host:port");
  const auto port = parse_port(split->port);
  if (!port) return std::unexpected(port.error());
  return tcp(split->host, *port);
}

core::Result<Endpoint> Endpoint::tcp(std::string_view host, std::uint16_t port) {
  std::string name(host);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0)
    return core::unreachable_error("cannot resolve '" + name + "': " + gai_strerror(code));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  const addrinfo* chosen = found;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next)
    if (a->ai_family == AF_INET) {
      chosen = a;
      break;
    }
  Endpoint endpoint;
  std::memcpy(&endpoint.storage_, chosen->ai_addr, chosen->ai_addrlen);
  endpoint.length_ = chosen->ai_addrlen;
  return endpoint;
}

core::Result<Endpoint> Endpoint::unix_path(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return core::usage_error("'" + std::string(path) + "' is not a socket path of 1-107 bytes");
  std::memcpy(address.sun_path, path.data(), path.size());
  Endpoint endpoint;
  std::memcpy(&endpoint.storage_, &address, sizeof address);
  endpoint.length_ = sizeof address;
  return endpoint;
}

bool Endpoint::is_loopback() const {
  if (is_unix()) return true;
  if (family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage_);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage_);
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

std::uint16_t Endpoint::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage_).sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_port);
  return 0;
}

std::string Endpoint::text() const {
  if (is_unix())
    return "unix:" + std::string(reinterpret_cast<const sockaddr_un&>(storage_).sun_path);
  return host_text(address()) + ":" + std::to_string(port());
}

core::Result<Url> Url::parse(std::string_view text) {
  Url url;
  url.text = text;
  if (text.starts_with("unix:")) {
    url.scheme = Scheme::unix_socket;
    url.path = text.substr(text.starts_with("unix://") ? 7 : 5);
    auto endpoint = Endpoint::unix_path(url.path);
    if (!endpoint) return std::unexpected(endpoint.error());
    url.endpoint = *endpoint;
    return url;
  }
  const bool http = text.starts_with("http://");
  if (!http && !text.starts_with("tcp://"))
    return core::usage_error("'" + url.text +
                             "' is not a target; write http://host:port/path, tcp://host:port or "
                             "unix:/path");
  url.scheme = http ? Scheme::http : Scheme::tcp;
  const std::string_view rest = text.substr(http ? 7 : 6);
  const std::size_t slash = rest.find('/');
  url.host = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  if (url.path.find_first_of(" \r\n\t") != std::string::npos || url.host.empty())
    return core::usage_error("'" + url.text + "' is not a valid URL");
  const auto split = split_host_port(url.host);
  if (!split) return std::unexpected(split.error());
  if (split->port.empty() && !http)
    return core::usage_error("'" + url.text + "' names no port; write tcp://host:port");
  const auto port = split->port.empty() ? core::Result<std::uint16_t>(80) : parse_port(split->port);
  if (!port) return std::unexpected(port.error());
  auto endpoint = Endpoint::tcp(split->host, *port);
  if (!endpoint) return std::unexpected(endpoint.error());
  url.endpoint = *endpoint;
  return url;
}

core::Result<core::Fd> listen_on(const Endpoint& where) {
  return listen_first(where, Sharing::none);
}

core::Result<std::vector<core::Fd>> listen_together(const Endpoint& where, std::size_t count) {
  std::vector<core::Fd> sockets;
  auto socket = listen_first(where, count > 1 ? Sharing::first : Sharing::none);
  if (!socket) return std::unexpected(socket.error());
  const auto bound = local_endpoint(socket->get());
  if (!bound) return std::unexpected(bound.error());
  sockets.push_back(std::move(*socket));
  while (sockets.size() < count) {
    socket = bind_and_listen(*bound, Sharing::joined);
    if (!socket) return std::unexpected(socket.error());
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

core::Result<Endpoint> local_endpoint(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return std::unexpected(core::errno_error("getsockname"));
  if (storage.ss_family == AF_UNIX)
    return Endpoint::unix_path(reinterpret_cast<const sockaddr_un&>(storage).sun_path);
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  const auto port = ntohs(storage.ss_family == AF_INET
                              ? reinterpret_cast<const sockaddr_in&>(storage).sin_port
                              : reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
  return Endpoint::tcp(host_text(address), port);
}

}  // namespace gauntlet::net
