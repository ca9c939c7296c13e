// HttpTransport: MCP over Streamable HTTP on /mcp for both eras, and /health, /ready, /metrics.
// Requests may be pipelined; answers come in order. Without server-to-client streams for now: GET
// on /mcp is 405. An answer is application/json, or a short SSE stream where client or Config ask.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/auth.h"
#include "server/http_request.h"
#include "server/transport.h"
#include "wire/http.h"

namespace gauntlet::server {

struct HttpPeer final : Peer {
  explicit HttpPeer(wire::HttpLimits limits) : parser(wire::HttpParser::Role::request, limits) {}

  wire::HttpParser parser;
  std::string body;                   // of a request that came in parts
  std::span<char> whole;              // of one that came whole
  bool in_body = false;               // its head is complete
  bool continued = false;             // 100 Continue was sent
  std::optional<AuthRefusal> denied;  // its body is not kept
  // Of the request being answered:
  bool keep_alive = true;
  bool head_only = false;
  bool http_1_0 = false;
  AnswerFormat format = AnswerFormat::json;
};

class HttpTransport final : public Transport {
 public:
  HttpTransport(net::Loop& loop, Service& service, const Config& config,
                std::function<std::string()> metrics_text);

  void sweep(core::Nanos now_ns) override;

 private:
  std::unique_ptr<Peer> make_peer() const override;
  std::span<char> consume(Peer& peer, std::span<char> bytes) override;
  void write(Peer& peer, const Answer& answer) override;
  bool held_up(const Peer& peer) const override {
    return peer.later > 0 || Transport::held_up(peer);
  }

  void on_body(HttpPeer& peer, std::span<char> piece);
  void on_incomplete(HttpPeer& peer);
  void on_error(HttpPeer& peer);
  void on_request(HttpPeer& peer);
  void authorize(HttpPeer& peer);
  bool is_foreign_session(const HttpPeer& peer) const;
  void route(HttpPeer& peer, std::string_view path);
  void on_mcp(HttpPeer& peer, const RequestHeaders& headers);
  void on_post(HttpPeer& peer, const RequestHeaders& headers);
  void on_delete(HttpPeer& peer, const RequestHeaders& headers);
  void refuse(HttpPeer& peer, const mcp::Refusal& refusal, std::string_view extra = {});

  void write_half(HttpPeer& peer, std::string_view body);
  void write_events(HttpPeer& peer, const Answer& answer, std::string extra);
  void write_plain(HttpPeer& peer, int status, std::string_view type, std::string_view body,
                   std::string_view extra = {});
  std::string_view head_lines(const HttpPeer& peer, std::string_view extra);
  void refresh_date();

  const Config& config_;
  const Authorizer* authorizer_;  // null: everybody may
  std::function<std::string()> metrics_text_;
  std::string date_line_;   // "Date: …\r\n", made anew each second
  std::string head_lines_;  // of the answer being written
  std::string event_;       // likewise
};

}  // namespace gauntlet::server
