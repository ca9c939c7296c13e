// SpawnedServer: a server that is not ours, started by a command and met at a URL, for
// `gauntlet run SUITE URL -- command…`. Whatever it prints goes to stderr. Stopped and waited for,
// with all that it started, when it goes out of scope. Main thread only.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "net/child.h"
#include "net/endpoint.h"

namespace gauntlet::main {

class SpawnedServer {
 public:
  // Waits until connections to `where` are accepted. Usage errors where somebody accepted them
  // before, which would be loaded in its stead, and where the command cannot be run; unreachable
  // where it ended or took too long.
  // `inside`: the lab's server, where it is to be there; null: where we are.
  static core::Result<SpawnedServer> start(const std::vector<std::string>& command,
                                           const net::Endpoint& where,
                                           const net::Namespaces* inside);

  pid_t pid() const { return child_.pid(); }
  // How it ended, if it has.
  std::optional<std::string> poll_exit() { return child_.poll_exit(); }
  // The same command once more, after its end. Nobody waits: how long it takes is measured.
  core::Result<void> start_again();

 private:
  SpawnedServer(std::vector<std::string> command, const net::Namespaces* inside, net::Child child)
      : command_(std::move(command)), inside_(inside), child_(std::move(child)) {}

  std::vector<std::string> command_;
  const net::Namespaces* inside_;
  net::Child child_;
};

}  // namespace gauntlet::main
