// ProxyControl: who orders toxics: HTTP/1.1 with JSON on a Unix socket or a loopback address, in
// the spirit of toxiproxy's API, each request with `Authorization: Bearer` and the token.
//
//   GET    /toxics         those in force
//   POST   /toxics         one more (proxy_toxic.h has its members); the answer is what GET says
//   DELETE /toxics/NAME    takes it away; 404 where none of that name is in force
//   DELETE /toxics         takes all away
//   GET    /counters       exact counts, also of toxics that have ended; docs/proxy.md
//   GET    /metrics        the same as Prometheus text
//
// A bad order changes nothing: 400 and {"error": "one line"}. One request a connection.
// Belongs to its loop's thread, in the process that writes the board.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "chaos/proxy_board.h"
#include "net/loop.h"
#include "wire/http.h"

namespace gauntlet::chaos {

inline constexpr std::size_t kProxyControlConnectionsMax = 64;

struct ControlAnswer {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";
};

// One order, carried out. `on_messages`: whether the proxy understands messages.
ControlAnswer obey(ProxyBoard& board, bool on_messages, std::string_view method,
                   std::string_view target, std::string_view body);
// What GET /counters answers.
std::string counters_json(ProxyBoard& board, bool on_messages);
// Whether this proxy can have such a toxic.
core::Result<void> check_fit(const Toxic& toxic, bool on_messages);
// A toxic that this proxy can have, put in force.
core::Result<void> put_in_force(ProxyBoard& board, bool on_messages, const Toxic& toxic);

class ProxyControl final : net::AcceptHandler, net::StreamHandler {
 public:
  // `listening_fd` stays its owner's.
  ProxyControl(net::Loop& loop, int listening_fd, std::string_view token, ProxyBoard& board,
               bool on_messages);
  ~ProxyControl();
  ProxyControl(const ProxyControl&) = delete;
  ProxyControl& operator=(const ProxyControl&) = delete;

 private:
  struct Connection {
    wire::HttpParser parser;
    net::StreamId stream;
    std::string body;
  };

  void on_accepted(core::Fd socket, std::uint64_t tag) override;
  void on_connected(net::StreamId, std::uint64_t) override {}
  void on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) override;
  void on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason, int) override;
  void answer(std::uint64_t tag, const ControlAnswer& answer);
  ControlAnswer answer_to(Connection& connection);

  net::Loop& loop_;
  int listening_fd_;
  std::string token_;
  ProxyBoard& board_;
  bool on_messages_;
  std::map<std::uint64_t, Connection> connections_;
  std::uint64_t next_tag_ = 0;
};

}  // namespace gauntlet::chaos
