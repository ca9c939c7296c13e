// Netlink: the few orders that the lab gives to the kernel's network: veth pairs, addresses,
// routes. Each acts in the network namespace that the calling thread was in when the Netlink was
// opened. Source: rtnetlink(7), libmnl.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"

struct mnl_socket;
struct nlmsghdr;

namespace gauntlet::chaos {

using MacAddress = std::array<std::uint8_t, 6>;

// An IPv4 address as "10.77.1.1", in network byte order.
std::uint32_t ipv4(const std::string& text);

struct Port {
  std::string name;
  MacAddress mac{};
};

class Netlink {
 public:
  static core::Result<Netlink> open();

  // Two ports that are one wire; the second one lies in another network namespace.
  core::Result<void> add_wire(const Port& here, const Port& there, int there_fd);
  core::Result<void> add_address(const std::string& port, const std::string& address, int prefix);
  core::Result<void> add_route(const std::string& network, int prefix, const std::string& gateway);
  core::Result<void> set_up(const std::string& port);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  explicit Netlink(mnl_socket* socket) : socket_(socket) {}

  nlmsghdr* message(std::uint16_t type, std::uint16_t flags);
  core::Result<void> send(const std::string& what);

  std::unique_ptr<mnl_socket, Close> socket_;
  alignas(8) std::array<char, 1024> buffer_{};
};

}  // namespace gauntlet::chaos
