// DisconnectFault: the kernel ends established TCP connections of the server's port that neither
// application has ended (SOCK_DESTROY): our side gets ECONNABORTED, the peer a RST.
//
// It is over at once, and undone by who connects again. Needs CAP_NET_ADMIN over the network: in
// the lab (in load, so that clients lose exactly the connections counted here), or as root.
// Evidence: the kernel's acknowledgement of each, and TcpEstabResets and TcpOutRsts of that
// network. Source: sock_diag(7), inet_diag.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chaos/fault.h"

namespace gauntlet::chaos {

struct DisconnectTarget {
  std::uint16_t port = 0;                       // of the server; IPv4
  std::size_t count = 0;                        // of connections, drawn by seed; 0: all
  std::optional<std::string> only_client = {};  // of that source address
  std::uint64_t seed = 1;
};

class DisconnectFault final : public Fault {
 public:
  explicit DisconnectFault(DisconnectTarget target) : target_(std::move(target)) {}

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> stop() override { return {}; }
  core::Result<void> verify_clean() override { return {}; }

  // The clients' ends that were destroyed: "10.77.1.1:20000".
  const std::vector<std::string>& victims() const { return victims_; }

 private:
  struct Counters {
    std::uint64_t resets = 0;  // TcpEstabResets
    std::uint64_t sent = 0;    // TcpOutRsts
  };
  static Counters read_counters();

  DisconnectTarget target_;
  std::size_t found_ = 0;
  std::vector<std::string> victims_;
  Counters before_;
};

}  // namespace gauntlet::chaos
