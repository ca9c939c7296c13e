// Answer: what goes back for one message, and how. ReturnPath: the way back for a late one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mcp/revision.h"
#include "net/loop.h"
#include "server/bad.h"
#include "server/session.h"

namespace gauntlet::server {

struct Answer {
  int http_status = 200;
  std::string_view body = {};  // JSON text; empty: there is nothing to say (HTTP: 202)
  Delivery delivery = {};
  bool later = false;   // nothing to send now; the outlet that was opened brings it
  bool opened = false;  // an initialize was answered
  int error_code = 0;   // of the JSON-RPC error that it is; 0: it is none
  std::uint64_t retry_after_seconds = 0;  // refused for load; with HTTP 429 and 503: at least 1
  std::optional<SessionId> session = {};  // … over HTTP, with this session

  // Of our own fault, as the breaker counts.
  bool failed() const { return http_status >= 500 || error_code == mcp::kInternalError; }
};

class Transport;

// Where a late answer goes. The stream may be gone by then: its id tells.
struct ReturnPath {
  Transport* transport = nullptr;
  net::StreamId stream;
  std::uint64_t tag = 0;
};

}  // namespace gauntlet::server
