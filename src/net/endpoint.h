// Endpoint: where a stream goes or a listener sits: a TCP address and port, or a Unix socket path.
// Url: a target as users write it. Plain values; name look-ups happen in resolve() at start-up.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/fd.h"
#include "core/result.h"

namespace gauntlet::net {

class Endpoint {
 public:
  // "127.0.0.1:3000", "[::1]:3000", "localhost:3000", ":3000" (loopback), "unix:/path".
  // Host names are resolved here, IPv4 first. Port "auto" is 0.
  static core::Result<Endpoint> parse(std::string_view text);
  static core::Result<Endpoint> tcp(std::string_view host, std::uint16_t port);
  static core::Result<Endpoint> unix_path(std::string_view path);

  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  int family() const { return storage_.ss_family; }
  bool is_unix() const { return family() == AF_UNIX; }
  bool is_loopback() const;  // Unix sockets too
  std::uint16_t port() const;
  std::string text() const;  // "127.0.0.1:3000", "unix:/path"

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

struct Url {
  enum class Scheme : std::uint8_t { http, tcp, unix_socket };
  Scheme scheme = Scheme::http;
  std::string host;        // with port where the URL has one, as the Host header wants it
  std::string path = "/";  // http: path and query; unix: the socket's path
  Endpoint endpoint;
  std::string text;  // as given

  // "http://host[:port][/path]", "tcp://host:port", "unix:/path".
  static core::Result<Url> parse(std::string_view text);
};

// A listening socket (non-blocking, close-on-exec). Port 0: the first free one in 20000-32000, so
// that it never collides with the kernel's range for outgoing connections.
core::Result<core::Fd> listen_on(const Endpoint& where);

// As many on one TCP port, among which the kernel spreads the connections (SO_REUSEPORT). Fails
// where anybody else listens there already, even with the same option.
core::Result<std::vector<core::Fd>> listen_together(const Endpoint& where, std::size_t count);

// The address that a socket is bound to.
core::Result<Endpoint> local_endpoint(int fd);

}  // namespace gauntlet::net
