// FailpointControl: who orders failpoints: HTTP/1.1 on a Unix socket or a loopback address, apart
// from the server's own listeners, one request a connection, each with `Authorization: Bearer` and
// the token.
//
//   GET    /failpoints                        what is on, and how often each had its effect
//   POST   /failpoints/handler-delay?ms=200
//   POST   /failpoints/tool?name=echo&ms=500&fail=1
//   POST   /failpoints/registry?shards=0-31   of kShardCount
//   POST   /failpoints/cut?from=0&to=1        workers; one way
//   DELETE /failpoints/tool                   takes that one back, whatever its settings
//   DELETE /failpoints                        takes all back
//
// Each answer is the list that GET gives. All workers answer, by the one socket that they inherit.
// Belongs to its loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/fd.h"
#include "net/loop.h"
#include "server/digest.h"
#include "server/failpoints.h"
#include "wire/http.h"

namespace gauntlet::server {

inline constexpr std::size_t kFailpointConnectionsMax = 64;

struct FailpointAnswer {
  int status = 200;
  std::string body;
};

// One order, carried out. `target` as in the request line.
FailpointAnswer obey(Failpoints& failpoints, std::string_view method, std::string_view target);

class FailpointControl final : net::AcceptHandler, net::StreamHandler {
 public:
  // `listening_fd` stays its owner's.
  FailpointControl(net::Loop& loop, int listening_fd, std::string_view token,
                   Failpoints& failpoints);
  ~FailpointControl();
  FailpointControl(const FailpointControl&) = delete;
  FailpointControl& operator=(const FailpointControl&) = delete;

 private:
  struct Connection {
    wire::HttpParser parser;
    FailpointAnswer answer;
    net::StreamId stream;
  };

  void on_accepted(core::Fd socket, std::uint64_t tag) override;
  void on_connected(net::StreamId, std::uint64_t) override {}
  void on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) override;
  void on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason, int) override;
  bool feed(Connection& connection, std::span<char> bytes);
  FailpointAnswer answer(const wire::HttpHead& head);

  net::Loop& loop_;
  int listening_fd_;
  Digest token_;
  Failpoints& failpoints_;
  std::map<std::uint64_t, Connection> connections_;
  std::uint64_t next_tag_ = 0;
};

}  // namespace gauntlet::server
