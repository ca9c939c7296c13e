// OwnServer: `gauntlet serve` as a separate process on a free port, for runs without a target.
// Stopped and waited for when it goes out of scope. Main thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "net/child.h"
#include "net/endpoint.h"

namespace gauntlet::main {

class OwnServer {
 public:
  // `transport`: http, tcp or unix. `workers`: 0 for half of the cores, the load has the rest.
  static core::Result<OwnServer> start(const std::string& transport, std::uint32_t workers);

  const std::string& url() const { return url_; }
  // Where it tells its metrics over HTTP, whatever the transport.
  const net::Endpoint& metrics() const { return metrics_; }
  pid_t pid() const { return child_.pid(); }
  // How it ended, if it has.
  std::optional<std::string> poll_exit() { return child_.poll_exit(); }

 private:
  OwnServer(net::Child child, std::string url, const net::Endpoint& metrics)
      : child_(std::move(child)), url_(std::move(url)), metrics_(metrics) {}

  net::Child child_;
  std::string url_;
  net::Endpoint metrics_;
};

}  // namespace gauntlet::main
