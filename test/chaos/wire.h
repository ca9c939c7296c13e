// Wire: a TCP echo server in the lab's server and blocking clients in its load, and what they see.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <string>
#include <vector>

#include "chaos/fault.h"
#include "chaos/in_lab.h"
#include "net/endpoint.h"

namespace gauntlet::chaos {

inline constexpr std::uint16_t kEchoPort = 3000;

// Echoes what comes on TCP connections and as UDP datagrams, until the lab ends.
[[noreturn]] inline void echo_forever(int tcp, int udp) {
  std::vector<pollfd> fds = {{tcp, POLLIN, 0}, {udp, POLLIN, 0}};
  std::array<char, 64 * 1024> bytes;
  for (;;) {
    poll(fds.data(), fds.size(), -1);
    for (std::size_t i = 2; i < fds.size(); ++i) {
      if (fds[i].revents == 0) continue;
      const ssize_t got = recv(fds[i].fd, bytes.data(), bytes.size(), 0);
      if (got > 0) {
        (void)!send(fds[i].fd, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
      } else {
        close(fds[i].fd);
        fds.erase(fds.begin() + static_cast<std::ptrdiff_t>(i--));
      }
    }
    if (fds[0].revents != 0)
      if (const int client = accept(tcp, nullptr, nullptr); client >= 0)
        fds.push_back({client, POLLIN, 0});
    if (fds[1].revents != 0) {
      sockaddr_in from{};
      socklen_t length = sizeof from;
      const ssize_t got =
          recvfrom(udp, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (got > 0)
        (void)!sendto(udp, bytes.data(), static_cast<std::size_t>(got), 0,
                      reinterpret_cast<const sockaddr*>(&from), length);
    }
  }
}

inline core::Fd udp_socket(const net::Endpoint& local) {
  core::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int bytes = 8 * 1024 * 1024;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (bind(fd.get(), local.address(), local.length()) != 0) fd.reset();
  return fd;
}

inline pid_t start_echo(const Lab& lab) {
  core::Fd tcp, udp;
  lab.in(Place::server, [&] {
    const auto where = *net::Endpoint::tcp(Lab::server_address(), kEchoPort);
    tcp = *net::listen_on(where);
    udp = udp_socket(where);
  });
  const pid_t server = net::fork_inside(lab.server());
  if (server == 0) echo_forever(tcp.get(), udp.get());
  return server;
}

inline core::Fd connect_echo(int client = 0, std::time_t patience_s = 5) {
  const auto from = *net::Endpoint::tcp(Lab::load_address(client), 0);
  const auto to = *net::Endpoint::tcp(Lab::server_address(), kEchoPort);
  core::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = patience_s, .tv_usec = 0};
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (bind(fd.get(), from.address(), from.length()) != 0 ||
      connect(fd.get(), to.address(), to.length()) != 0)
    fd.reset();
  return fd;
}

// One round trip; false where it fails or takes longer than the socket's patience.
inline bool echoes(const core::Fd& fd) {
  char byte = 'e';
  return send(fd.get(), &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd.get(), &byte, 1, 0) == 1;
}

// Sends `count` datagrams of 100 bytes to the echo, not faster than they can be taken; how many
// came back.
inline std::size_t echo_datagrams(int count, int client = 0) {
  const core::Fd fd = udp_socket(*net::Endpoint::tcp(Lab::load_address(client), 0));
  const auto to = *net::Endpoint::tcp(Lab::server_address(), kEchoPort);
  std::array<char, 100> bytes{};
  std::size_t came_back = 0;
  const auto drain = [&](int patience_ms) {
    pollfd readable{fd.get(), POLLIN, 0};
    while (poll(&readable, 1, patience_ms) > 0 && recv(fd.get(), bytes.data(), bytes.size(), 0) > 0)
      ++came_back;
  };
  for (int i = 0; i < count; ++i) {
    sendto(fd.get(), bytes.data(), bytes.size(), 0, to.address(), to.length());
    if (i % 64 == 63) drain(1);
  }
  drain(300);
  return came_back;
}

inline std::string fact(const Evidence& evidence, const std::string& name) {
  for (const auto& [known, value] : evidence.facts)
    if (known == name) return value;
  return "no " + name;
}
inline long long number(const Evidence& evidence, const std::string& name) {
  const std::string text = fact(evidence, name);
  return text.empty() || text.starts_with("no ") ? -1 : std::stoll(text);
}

}  // namespace gauntlet::chaos
