// Job: a tools/call that outlives its request: what MCP calls a task (2025-11-25
// basic/utilities/tasks; since 2026-07-28 the extension io.modelcontextprotocol/tasks).
// In this code a Task is a coroutine (server/task.h), so a job is never called one but on the wire.
//
// JobHead is trivially copyable: it lies in memory that several processes share
// (server/job_table.h). A job's body is JSON text: while it works, the questions to its client that
// are open and the answers that its handler has not taken yet; at its end, the outcome.
// Pure values and functions.
#pragma once

#include <boost/json.hpp>

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/clock.h"
#include "mcp/revision.h"
#include "server/session.h"
#include "server/task.h"

namespace gauntlet::server {

enum class JobStatus : std::uint8_t { working, input_required, completed, failed, cancelled };

// 128 random bits, written as a session's id is.
using JobId = SessionKey;
std::string text_of_job(const JobId& id);
inline constexpr std::string_view kNoSuchTask = "there is no such task, or no longer";

// Whom a job answers to; everybody else is told that there is none.
struct JobOwner {
  mcp::Era era = mcp::Era::stateful;
  SessionKey session;           // stateful; a connection that is a session has a key as well
  std::uint64_t principal = 0;  // Session::principal

  bool operator==(const JobOwner&) const = default;
};

struct JobHead {
  static constexpr std::size_t kMessageMax = 200;

  JobId id;
  JobOwner owner;
  std::uint64_t sequence = 0;  // counts from 1 as jobs are opened
  JobStatus status = JobStatus::working;
  pid_t pid = 0;                // of the worker that its handler runs in
  std::int64_t created_ms = 0;  // since the epoch
  std::int64_t updated_ms = 0;
  std::int64_t ttl_ms = 0;
  core::Nanos ends_ns = 0;  // core::monotonic_ns() when it is forgotten
  std::array<char, kMessageMax> message{};
  std::size_t message_size = 0;

  bool is_over() const { return status >= JobStatus::completed; }
  void say(std::string_view text);  // cut where it is too long
};
static_assert(std::is_trivially_copyable_v<JobHead>);

struct Job : JobHead {
  std::string body;
};

// Keys of the body.
inline constexpr const char* kInputRequests = "inputRequests";    // by key: {method, params}
inline constexpr const char* kInputResponses = "inputResponses";  // by key: {result} or {error}
inline constexpr const char* kResult = "result";
inline constexpr const char* kError = "error";

boost::json::object body_of(const Job& job);

// Ends it. A result with isError is a failure to a stateful client and completion to a stateless
// one, as the two specifications have it.
void end_with(Job& job, Outcome outcome);
// Ends it for a reason of the server's own.
void fail(Job& job, std::string_view why);

// As the wire has it: what tasks/list and the status of 2025-11-25 say, and what tasks/get says of
// it in the era of its owner, with what its status brings along where that is the stateless one.
boost::json::object task_of(const JobHead& job);
boost::json::object detailed_task_of(const Job& job);
// The outcome of one that is over, for tasks/result.
Outcome outcome_of(const Job& job);
// The notification of its status to a stateful client; empty for a stateless one, which has to
// listen for it.
std::string status_notification(const JobHead& job);

}  // namespace gauntlet::server
