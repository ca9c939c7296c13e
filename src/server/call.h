// Call: one request that a handler works on, and all that the handler may do: read what was asked,
// report progress, log, wait, ask the client something, and answer by what it returns.
//
//   Task run(Call& call) {
//     co_await call.sleep(50 * core::kMillisecond);
//     call.progress(50, 100, "half way");
//     const ClientReply name = co_await call.ask("name", elicitation("Your name?", schema));
//     if (!name.accepted()) co_return tool_error("no name, no greeting");
//     co_return text_result("Hello, " + name.text("name"));
//   }
//
// ask() is one thing in both eras. Stateful: the question goes to the client at once, and the
// handler waits for its answer. Stateless (2026-07-28 basic/patterns/mrtr): the answer to the
// request is the question (input_required); the client sends the request again with the client's
// answer, the handler starts anew, and this time ask() returns at once. So whatever a handler does
// before it asks is done again: ask first, act then.
//
// A call may run as a job (server/job.h): then its answer is that there is one, the handler goes on
// without a connection, its progress is the job's message, and ask() puts the question into the job
// and waits for the answer, in either era.
//
// A handler may be destroyed at any co_await: its call was cancelled, or its client is gone.
// Belongs to the worker's thread.
#pragma once

#include <boost/json.hpp>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "mcp/revision.h"
#include "server/job.h"
#include "server/outlet.h"
#include "server/question.h"
#include "server/session.h"
#include "server/task.h"
#include "server/timers.h"

namespace gauntlet::server {

class Calls;
struct Letter;
struct Contents;

// What a request came with.
struct Request {
  std::string id;  // raw token
  std::string method;
  boost::json::object params;
  mcp::Era era = mcp::Era::stateful;
  mcp::Revision revision = mcp::kLatestStateful;
  std::uint8_t log_level = kNoLogs;   // messages below it are not sent
  std::uint8_t capabilities = 0;      // ClientCapability
  std::optional<SessionKey> session;  // over HTTP, stateful
  std::uint64_t principal = 0;
  std::string owner;   // who may cancel it or answer its questions
  JobOwner job_owner;  // whose its job is, should it become one
};

class Call {
 public:
  Call(Calls& calls, CallId id, ReturnPath path, Request request);

  std::string_view name() const;  // tools/call, prompts/get
  std::string_view uri() const;   // resources/read
  const boost::json::object& arguments() const;
  const boost::json::value* argument(std::string_view name) const;
  // Nothing where it is absent or of another type.
  std::optional<std::string_view> string(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  mcp::Era era() const { return request_.era; }
  bool can(ClientCapability capability) const { return (request_.capabilities & capability) != 0; }

  // Told only to a client that asked for it; each value has to be larger than the one before.
  void progress(double done, double total, std::string_view message = {});
  // Sent where the client wants messages of that severity (RFC 5424: debug 0 … emergency 7).
  void log(std::uint8_t level, boost::json::value data, std::string_view logger = {});
  // Ends the connection; the client comes back for the rest (2025-11-25, SSE polling).
  void disconnect(core::Nanos retry);
  // Tells every client that something has changed.
  void announce(const Letter& letter);
  Contents& contents();

  struct Sleep {
    Call& call;
    core::Nanos length;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) { call.wait(length); }
    void await_resume() const noexcept {}
  };
  Sleep sleep(core::Nanos length) { return {*this, length}; }

  struct Ask {
    Call& call;
    std::vector<std::pair<std::string, Question>> questions;
    bool await_ready() { return call.find_replies(questions); }
    void await_suspend(std::coroutine_handle<>) { call.put(questions); }
  };
  struct AskOne : Ask {
    ClientReply await_resume() { return std::move(call.replies_.front()); }
  };
  struct AskAll : Ask {
    std::vector<ClientReply> await_resume() { return std::move(call.replies_); }
  };
  // Stateless: from here on the call is a job, where its client knows of them; before, ask() is by
  // round trips. Else nothing happens.
  struct Defer {
    Call& call;
    bool await_ready() const noexcept { return !call.may_defer(); }
    void await_suspend(std::coroutine_handle<>) { call.waiting_ = Waiting::deferral; }
    void await_resume() const noexcept {}
  };
  Defer defer() { return {*this}; }

  // Keys name a question within its request. Asking what the client cannot answer ends the
  // handler: an error in the stateless era (-32021), a reply with an error in the stateful one.
  AskOne ask(std::string key, Question question);
  AskAll ask_all(std::vector<std::pair<std::string, Question>> questions);
  // Stateless: what was answered to that question will not do; ask() asks it again.
  void forget(std::string_view key);
  // Stateless: a question is accompanied by a sealed state even where there is nothing to keep.
  void seal_state() { always_sealed_ = true; }
  // Whether the request came with a sealed state of ours.
  bool has_state() const { return has_state_; }

  const Request& request() const { return request_; }
  CallId id() const { return id_; }

 private:
  friend class Calls;

  // What the coroutine waits for.
  enum class Waiting : std::uint8_t { nothing, time, replies, round_trip, deferral, news };

  // Until the job that it follows has changed, or may have.
  struct News {
    Call& call;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) { call.wait_for_news(); }
    void await_resume() const noexcept {}
  };

  void wait(core::Nanos length);
  bool find_replies(const std::vector<std::pair<std::string, Question>>& questions);
  const boost::json::object* known_answer(const std::string& key, const Question& question);
  void put(std::vector<std::pair<std::string, Question>>& questions);
  bool may_defer() const;
  void wait_for_news();
  void send(const boost::json::object& message);

  Calls& calls_;
  CallId id_;
  ReturnPath path_;
  Request request_;
  core::Nanos since_ns_;            // when its turn came: it arrived, or what it waited for did
  std::unique_ptr<Outlet> outlet_;  // once something has come before the answer
  Task task_;
  Waiting waiting_ = Waiting::nothing;
  Timers::Id timer_ = {};                 // ends the wait, at the latest
  std::vector<std::uint64_t> questions_;  // that the client has not answered
  double progress_ = -1;
  std::vector<ClientReply> replies_;
  std::size_t replies_missing_ = 0;
  std::optional<JobId> job_;      // that it runs as
  std::optional<JobId> follows_;  // tasks/result: the job that it waits for
  // As a job: what is asked now, with the place of its reply.
  std::vector<std::pair<std::string, std::size_t>> asked_;
  bool always_sealed_ = false;
  bool has_state_ = false;
  boost::json::object input_requests_;  // stateless: what is asked, by key
  boost::json::object known_;           // stateless: what was asked and answered so far, by key
  boost::json::object given_;           // stateless: what this request answers, asked for or not
  std::string misfit_;                  // key of an answer that is none
  std::uint8_t lacks_ = 0;              // capabilities that a question needed
};

}  // namespace gauntlet::server
