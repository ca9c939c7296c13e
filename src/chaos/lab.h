// Lab: three network namespaces that nobody else is in: load — link — server, joined by two wires.
//
//   load 10.77.1.1-4  ──veth──  10.77.1.254  link  10.77.2.254  ──veth──  10.77.2.1  server
//
// enter() takes the calling process there: from then on new sockets of its threads belong to
// `load`, while sockets that it had before keep working where they were, and files, terminal and
// pids stay as they are. For good: there is no way back, and one lab a process. What is started in
// `server` lives in a pid namespace with a /proc of its own, whose first process the kernel kills
// when we end, however we end; with it goes everything in the lab. Nothing has a name on the host.
//
// Root enters as itself, anybody else through a user namespace in which they are who they were.
// enter() has to come before the process starts threads; child processes of before stay outside
// (the warden must). The link routes from one wire to the other unless a LinkEmulator does.
// in() belongs to the thread that calls it. Source: namespaces(7), network_namespaces(7), veth(4).
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chaos/netlink.h"
#include "core/fd.h"
#include "core/result.h"
#include "net/namespaces.h"

namespace gauntlet::chaos {

enum class Place : std::uint8_t { load, link, server };

// Below /proc/sys/net: {"ipv4/tcp_rto_min_us", "20000"}.
using Sysctls = std::vector<std::pair<std::string, std::string>>;

// TCP that finds a lost packet after 20 ms instead of 200.
Sysctls tuned_tcp();

struct LabOptions {
  Sysctls sysctls;  // of load and server, beside what the lab itself needs
};

class Lab {
 public:
  static constexpr int kLoadAddresses = 4;

  // Why there can be no lab here; tries it.
  static core::Result<void> available();
  // Calls it in a process of its own, which can enter a lab and end.
  static core::Result<void> try_apart(const std::function<core::Result<void>()>& attempt);
  static core::Result<std::unique_ptr<Lab>> enter(const LabOptions& options);
  ~Lab();  // kills what runs in the lab; the process stays in `load`
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  static std::string server_address();
  static std::string load_address(int number = 0);  // below kLoadAddresses

  // For net::ChildOptions::inside and net::fork_inside; valid as long as the lab is.
  const net::Namespaces& server() const { return server_; }
  const net::Namespaces& link() const { return link_; }

  // Calls it with the calling thread in that place's network.
  void in(Place place, const std::function<void()>& call) const;
  core::Result<void> set(Place place, const std::string& sysctl, const std::string& value) const;
  core::Result<std::string> get(Place place, const std::string& sysctl) const;

  pid_t first_process() const { return first_process_; }

 private:
  Lab() = default;

  core::Result<void> build(const LabOptions& options);
  core::Result<void> make_networks();
  core::Result<void> join();
  core::Result<void> start_first_process();
  int network_fd(Place place) const { return networks_[static_cast<std::size_t>(place)].get(); }

  std::array<core::Fd, 3> networks_;  // by Place
  core::Fd pid_namespace_, mount_namespace_;
  pid_t first_process_ = -1;
  net::Namespaces server_, link_;
};

// The link's two ports, in its namespace, and the MAC addresses at the far ends of their wires.
struct LinkPorts {
  Port to_load, to_server;
  MacAddress load_mac, server_mac;
};
LinkPorts link_ports();

}  // namespace gauntlet::chaos
