// OwnServer: `gauntlet serve` as a separate process on a free port, for runs without a target.
// Stopped and waited for when it goes out of scope. In the lab where it is told so.
//
// Where it is to be kept, the kernel does not end it with this process: it watches a lease
// (core/lease.h) in the run's folder that this process holds, and leaves by itself when nobody has
// held it for that long. What it says goes to a file beside it. Main thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/lease.h"
#include "core/result.h"
#include "net/child.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "run/record.h"

namespace gauntlet::main {

struct OwnServerOptions {
  std::string transport = "http";  // or tcp, unix
  std::uint32_t workers = 0;       // 0: half of the cores, the load has the rest
  net::Io io = net::Io::automatic;
  const net::Namespaces* inside = nullptr;  // the lab's server
  std::string host = "127.0.0.1";
  bool failpoints = false;
  bool workers_die = false;      // on purpose: however many do, it goes on
  core::Nanos keep = 0;          // without this process
  std::filesystem::path folder;  // of the run, where it is kept
};

// The Unix sockets of a server of this process; they stay where it is killed.
std::vector<std::string> own_server_files();

// Of a server that was kept in this folder, and is over.
void remove_empty_log(const std::filesystem::path& folder);

class OwnServer {
 public:
  static core::Result<OwnServer> start(const OwnServerOptions& options);

  // The one that an earlier process kept in this folder. Usage error where another one has it;
  // unreachable where it is gone.
  static core::Result<OwnServer> find_again(const run::TargetInfo& target,
                                            const std::filesystem::path& folder);

  // Where it is kept: it goes on without us, for as long as it was told.
  void leave();
  bool is_kept() const { return lease_.has_value(); }

  const std::string& url() const { return url_; }
  // Where it tells its metrics over HTTP, whatever the transport.
  const net::Endpoint& metrics() const { return metrics_; }
  // Where failpoints are ordered, "unix:/path"; "" where there are none.
  const std::string& failpoints() const { return failpoints_; }
  const std::string& failpoint_token() const { return token_; }
  pid_t pid() const { return child_.pid(); }
  // How it ended, if it has.
  std::optional<std::string> poll_exit() { return child_.poll_exit(); }

 private:
  OwnServer(net::Child child, std::string url, const net::Endpoint& metrics)
      : child_(std::move(child)), url_(std::move(url)), metrics_(metrics) {}

  std::optional<core::Lease> lease_;  // given up after it has ended
  net::Child child_;
  std::string url_;
  net::Endpoint metrics_;
  std::string failpoints_, token_;
};

}  // namespace gauntlet::main
