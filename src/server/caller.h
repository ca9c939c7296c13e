// Caller: who sent a message, as far as answering it depends on that.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "mcp/rules.h"
#include "server/answer.h"
#include "server/session.h"

namespace gauntlet::server {

// A stateful client on a connection of its own (lines, WebSocket, stdio): the connection is its
// session.
struct LocalSession {
  bool opened = false;  // an initialize was answered
  SessionKey key = {};  // … and gave it one, as the registry gives the sessions there
  Session session;
};

struct Caller {
  ReturnPath path;
  core::Nanos now_ns = 0;
  // Over HTTP; null where the connection is the session.
  const mcp::HeaderFacts* headers = nullptr;
  std::optional<std::string_view> session_id = {};  // as the header (HTTP+SSE: the URL) has it
  LocalSession* connection = nullptr;               // null over HTTP
  std::uint64_t principal = 0;                      // hash of the token's subject; 0: none
  Allowance* allowance = nullptr;                   // the connection's; null: it has no limit
};

}  // namespace gauntlet::server
