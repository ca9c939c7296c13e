// Outlet: where the messages of one request go that is not answered at once: what comes before its
// answer (progress, logs, questions to the client), and the answer.
//
// A transport makes one when the service asks for it (Transport::open_outlet). The connection may
// go away before the answer: then the transport tells the service that the call is abandoned
// (Service::abandon), unless the messages are kept for resumption (stateful Streamable HTTP).
// Belongs to the worker's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "mcp/revision.h"
#include "server/answer.h"
#include "server/session.h"

namespace gauntlet::server {

using CallId = std::uint64_t;  // 0: none

// Which call an outlet is for, and what decides how its messages travel.
struct OutletRequest {
  CallId call = 0;
  mcp::Era era = mcp::Era::stateful;
  mcp::Revision revision = mcp::kLatestStateful;
  std::optional<SessionKey> session;  // over HTTP, stateful
};

class Outlet {
 public:
  virtual ~Outlet() = default;
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  // One JSON-RPC message that belongs to the request and comes before its answer.
  virtual void send(std::string_view json) = 0;
  // The answer; called once and last.
  virtual void finish(const Answer& answer) = 0;
  // Ends the connection now, and asks the client to come back for the rest after `retry` (SSE
  // polling, 2025-11-25). False where that cannot be: the stream goes on.
  virtual bool disconnect(core::Nanos retry) = 0;

 protected:
  Outlet() = default;
};

}  // namespace gauntlet::server
