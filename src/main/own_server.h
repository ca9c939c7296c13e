// OwnServer: `gauntlet serve` as a separate process on a free port, for runs without a target.
// Stopped and waited for when it goes out of scope. Main thread only.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "net/child.h"
#include "net/loop.h"

namespace gauntlet::main {

class OwnServer {
 public:
  // `transport`: http, tcp or unix.
  static core::Result<OwnServer> start(const std::string& transport, net::Io io);

  const std::string& url() const { return url_; }
  pid_t pid() const { return child_.pid(); }
  // How it ended, if it has.
  std::optional<std::string> poll_exit() { return child_.poll_exit(); }

 private:
  OwnServer(net::Child child, std::string url) : child_(std::move(child)), url_(std::move(url)) {}

  net::Child child_;
  std::string url_;
};

}  // namespace gauntlet::main
