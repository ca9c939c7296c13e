// Service: the MCP server without its transports: one message in, one answer out.
// Both eras; which one a message belongs to is decided per message (mcp/rules.h).
//
// On the way of an echo call nothing is allocated, locked or asked of the kernel: two short
// simdjson passes (the message, the arguments) and appends to a buffer that is kept. Answers to
// tools/call carry no _meta.serverInfo (2026-07-28 says SHOULD): tools/list and server/discover do.
// Belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "json/reader.h"
#include "mcp/message.h"
#include "mcp/rules.h"
#include "server/answer.h"
#include "server/bad.h"
#include "server/config.h"
#include "server/metrics.h"
#include "server/reply.h"
#include "server/sessions.h"
#include "server/timers.h"
#include "server/tool.h"

namespace gauntlet::server {

// Who sent a message, as far as answering it depends on that.
struct Caller {
  ReturnPath path;
  core::Nanos now_ns = 0;
  // Over HTTP; null on a stream of lines, where the connection is the session.
  const mcp::HeaderFacts* headers = nullptr;
  std::optional<std::string_view> session_id = {};
  // On a stream of lines: an initialize was answered on it.
  bool opened = false;
};

class Service {
 public:
  Service(const Config& config, Timers& timers);

  // The answer's body holds until the next call. `json` must be followed by kReadPadding bytes.
  Answer handle(std::span<const char> json, const Caller& caller);

  // A refusal that a transport decided on.
  Answer refuse(const mcp::Refusal& refusal, std::string_view id = {});

  // DELETE of the session's URL: false when there is no such session.
  bool close_session(std::string_view id) { return sessions_.close(id); }

  void sweep(core::Nanos now_ns) { sessions_.forget_idle(now_ns); }

  // False when too many calls are waiting already.
  bool answer_later(const CallContext& context, core::Nanos delay_ns, LateAnswer answer);

  std::size_t later_count() const { return later_count_; }
  std::size_t session_count() const { return sessions_.count(); }
  Bad& bad() { return bad_; }
  const Bad& bad() const { return bad_; }
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }

 private:
  std::optional<mcp::Refusal> check_opened(const mcp::Message& message, const Caller& caller);
  Answer dispatch(Method method, const mcp::Message& message, mcp::Era era, const Caller& caller);
  Answer initialize(const mcp::Message& message, const Caller& caller);
  Answer call_tool(const mcp::Message& message, mcp::Era era, const Caller& caller);
  Answer unknown_method(const mcp::Message& message, mcp::Era era);
  Answer result(std::string_view id, std::string_view json);
  Answer finish_call(const Reply& reply);

  const Config& config_;
  Timers& timers_;
  json::Reader reader_;
  json::Reader arguments_reader_;
  Sessions sessions_;
  Bad bad_;
  Counters counters_;
  std::size_t later_count_ = 0;
  std::string body_;
  std::string server_info_;
  std::array<std::string, 2> tools_list_;  // by era
  std::string discover_;
};

}  // namespace gauntlet::server
