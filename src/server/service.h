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
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "json/reader.h"
#include "mcp/message.h"
#include "mcp/rules.h"
#include "server/answer.h"
#include "server/bad.h"
#include "server/caller.h"
#include "server/config.h"
#include "server/counters.h"
#include "server/mailbox.h"
#include "server/outlet.h"
#include "server/reply.h"
#include "server/shared.h"
#include "server/timers.h"
#include "server/tool.h"

namespace gauntlet::server {

class Service {
 public:
  Service(const Config& config, Timers& timers, Shared& shared);

  // The answer's body holds until the next call. `json` must be followed by kReadPadding bytes.
  Answer handle(std::span<const char> json, const Caller& caller);

  // A refusal that a transport decided on.
  Answer refuse(const mcp::Refusal& refusal, std::string_view id = {});

  // Nobody will ever read this call's answer: it ends without one.
  void abandon(CallId call) { calls_.erase(call); }

  // DELETE of the session's URL: false when there is no such session.
  bool close_session(std::string_view id);

  // News from this or another worker. Each transport hears of it too.
  void on_letter(const Letter& letter);
  void add_transport(Transport& transport) { transports_.push_back(&transport); }

  // Ends all calls without an answer.
  void abandon_all() { calls_.clear(); }

  // The server is stopping: ends what would otherwise never end.
  void stop() {}
  void sweep(core::Nanos now_ns) { shared_.registry.sweep(now_ns); }

  // False when too many calls are waiting already.
  bool answer_later(const CallContext& context, core::Nanos delay_ns, LateAnswer answer);
  // Likewise, after as many log messages; behind message `cut` the connection is ended.
  bool stream_later(const CallContext& context, const StreamPlan& plan);

  Shared& shared() { return shared_; }
  std::size_t later_count() const { return calls_.size(); }
  std::size_t session_count() const { return shared_.registry.count(); }
  Bad& bad() { return bad_; }
  const Bad& bad() const { return bad_; }
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }

 private:
  struct LateCall {
    std::string id;
    mcp::Era era;
    LateAnswer answer;
    std::unique_ptr<Outlet> outlet;
    StreamPlan plan = {};
    std::uint64_t streamed = 0;
  };

  std::optional<mcp::Refusal> check_opened(const mcp::Message& message, const Caller& caller);
  Answer dispatch(Method method, const mcp::Message& message, mcp::Era era, const Caller& caller);
  Answer initialize(const mcp::Message& message, const Caller& caller);
  bool adopt_session(const Session& fresh, const Caller& caller);
  Answer call_tool(const mcp::Message& message, mcp::Era era, const Caller& caller);
  Answer unknown_method(const mcp::Message& message, mcp::Era era);
  Answer result(std::string_view id, std::string_view json);
  Answer finish_call(const Reply& reply);
  CallId open_call(const CallContext& context);
  void answer_late(CallId call);
  void stream(CallId call);

  const Config& config_;
  Timers& timers_;
  Shared& shared_;
  std::vector<Transport*> transports_;
  json::Reader reader_;
  json::Reader arguments_reader_;
  Bad bad_;
  Counters own_counters_;  // where there is no board
  Counters& counters_;
  std::unordered_map<CallId, LateCall> calls_;
  CallId last_call_ = 0;
  const Caller* caller_ = nullptr;  // of the message being handled
  std::string body_;
  std::string server_info_;
  std::array<std::string, 2> tools_list_;  // by era
  std::string discover_;
};

}  // namespace gauntlet::server
