// Service: the MCP server without its transports: one message in, one answer out, now or later.
// Both eras; which one a message belongs to is decided per message (mcp/rules.h).
//
// On the way of an echo call nothing is allocated, locked (but the session's shard) or asked of the
// kernel: two short simdjson passes (the message, the arguments) and appends to a buffer that is
// kept. Answers of such tools carry no _meta.serverInfo (2026-07-28 says SHOULD): all others do.
// Belongs to one thread.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "json/reader.h"
#include "mcp/message.h"
#include "mcp/message_memo.h"
#include "mcp/rules.h"
#include "server/answer.h"
#include "server/bad.h"
#include "server/caller.h"
#include "server/calls.h"
#include "server/catalog.h"
#include "server/config.h"
#include "server/counters.h"
#include "server/gate.h"
#include "server/outlet.h"
#include "server/reply.h"
#include "server/shared.h"
#include "server/timers.h"

namespace gauntlet::server {

// What the server can do, as initialize and server/discover say it; tasks are said differently.
inline constexpr std::string_view kServerCapabilities =
    R"("tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},)"
    R"("prompts":{"listChanged":true},"completions":{},"logging":{})";
inline constexpr std::string_view kTaskCapabilities =  // 2025-11-25
    R"(,"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})";
inline constexpr std::string_view kExtensions =  // 2026-07-28
    R"(,"extensions":{"io.modelcontextprotocol/tasks":{}})";

class Service {
 public:
  Service(const Config& config, Timers& timers, Shared& shared);

  // The answer's body holds until the next call. `json` must be followed by kReadPadding bytes.
  Answer handle(std::span<const char> json, const Caller& caller);

  // A refusal that a transport decided on.
  Answer refuse(const mcp::Refusal& refusal, std::string_view id = {});

  // Nobody will ever read this call's answer.
  void abandon(CallId id) { calls_.abandon(id); }
  void abandon_all() { calls_.abandon_all(); }
  // News from this or another worker; passed on to the transports.
  void on_letter(const Letter& letter);
  void add_transport(Transport& transport) { transports_.push_back(&transport); }

  // DELETE of the session's URL: false when there is no such session.
  bool close_session(std::string_view id);
  // The session of a connection has ended: its jobs go with it.
  void forget_jobs(const SessionKey& session);
  // Why a session was not found: there is none, or a failpoint keeps its shard out of reach.
  mcp::Refusal no_session(const std::optional<SessionKey>& key) const;

  // Ends what would otherwise stay open: subscriptions.
  void stop() { calls_.end_listeners(); }
  void sweep(core::Nanos now_ns);
  // Once a turn: tells clients when a queue has reached another step. True when it did.
  bool tell_pressure();

  Shared& shared() { return shared_; }
  std::size_t later_count() const { return calls_.count(); }
  std::size_t session_count() const { return shared_.registry.count(); }
  Gate& gate() { return gate_; }
  const Gate& gate() const { return gate_; }
  Bad& bad() { return bad_; }
  const Bad& bad() const { return bad_; }
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }

 private:
  // One message on its way through.
  struct Turn {
    std::span<const char> json;
    const mcp::Message& message;
    const Caller& caller;
    mcp::Era era;
    std::optional<SessionKey> key;  // Streamable HTTP, stateful
    Session session;                // stateful: a copy
    core::Nanos wait_ns = 0;        // its client has sent too much: for how long
  };

  Answer serve(Method method, const Turn& turn);
  std::optional<mcp::Refusal> enter(Turn& turn);
  std::optional<mcp::Refusal> enter_session(Turn& turn);
  bool refuses_badly();
  Delivery spoil();
  Answer refuse_for_load(const Gate::Refusal& refusal, std::string_view id);
  void on_notification(const Turn& turn);
  Answer on_response(const Turn& turn);
  Answer dispatch(Method method, const Turn& turn);
  Answer dispatch_other(const Turn& turn);

  Answer initialize(const Turn& turn);
  Answer call_tool(const Turn& turn);
  std::expected<bool, mcp::Refusal> runs_as_job(const Turn& turn, const Tool& tool) const;
  Answer start(const Turn& turn, const Tool& tool, CallFault fault, bool as_job);
  Answer read_resource(const Turn& turn);
  Answer get_prompt(const Turn& turn);
  Answer list(const Turn& turn, Catalog::List which);
  Answer complete(const Turn& turn);
  Answer subscribe(const Turn& turn, bool on);
  Answer set_level(const Turn& turn);
  Answer start(const Turn& turn, Handler handler);
  Answer on_task_method(const Turn& turn);
  Answer get_task(const Request& request, const JobId& id);
  Answer list_tasks(const Turn& turn, const Request& request);
  Answer update_task(const Request& request, const JobId& id);
  Answer cancel_task(const Request& request, const JobId& id);
  Answer no_task(const Request& request, std::string_view why = kNoSuchTask);
  Answer empty_result(const Request& request);
  Answer unknown_method(const Turn& turn);
  Answer invalid_params(const Turn& turn, std::string_view text);

  bool adopt_session(const Turn& turn, const Session& session);
  Request request_of(const Turn& turn) const;
  bool change_session(const Turn& turn, const std::function<void(Session&)>& change);
  std::optional<mcp::Refusal> check_mirrored(const Turn& turn, const Tool& tool);
  Answer result(std::string_view id, std::string_view json);
  Answer finish_call(const Reply& reply);
  Answer finish(const Request& request, Outcome& outcome);

  const Config& config_;
  Shared& shared_;
  json::Reader reader_;
  mcp::MessageMemo messages_;
  json::Reader arguments_reader_;
  Bad bad_;
  Counters own_counters_;  // where there is no board
  Counters& counters_;
  Gate gate_;
  Catalog catalog_;
  std::optional<JobTable> own_jobs_;  // where the workers share none
  JobTable& jobs_;
  Calls calls_;
  std::vector<Transport*> transports_;
  std::string body_;
  std::string server_info_;
  std::string discover_;
};

}  // namespace gauntlet::server
