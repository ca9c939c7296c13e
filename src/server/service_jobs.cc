// Tasks, as both revisions have them: 2025-11-25 basic/utilities/tasks, where the client decides
// that a call becomes one; and the extension io.modelcontextprotocol/tasks of 2026-07-28, where the
// server does.
#include <charconv>

#include "server/params.h"
#include "server/service.h"
#include "stats/base64.h"

namespace gauntlet::server {
namespace {

namespace bj = boost::json;

constexpr std::string_view kNeedsTasks =
    R"({"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})";
constexpr std::string_view kCursorHead = "after ";

mcp::Refusal lacking_tasks() {
  mcp::Refusal refusal{mcp::kMissingClientCapability, 400, "the client does not know of tasks"};
  refusal.data = kNeedsTasks;
  return refusal;
}

// params.task of 2025-11-25: {} or {"ttl":N}; SDKs also say null, for as long as possible.
bool is_task_metadata(const bj::object& params) {
  const bj::value* const task = params.if_contains("task");
  const bj::object* const metadata = task == nullptr ? nullptr : task->if_object();
  if (metadata == nullptr) return false;
  const bj::value* const ttl = metadata->if_contains("ttl");
  return ttl == nullptr || ttl->is_null() || (ttl->is_int64() && ttl->get_int64() >= 0) ||
         ttl->is_uint64();
}

bool has_tasks(const Session& session) { return session.revision == mcp::Revision::v2025_11_25; }

// Opaque to clients: the number of the last task that they have.
std::string cursor_of(std::uint64_t sequence) {
  return stats::to_base64(std::string(kCursorHead) + std::to_string(sequence));
}

std::optional<std::uint64_t> read_cursor(const bj::object& params) {
  const bj::value* const given = params.if_contains("cursor");
  if (given == nullptr || !given->is_string()) return std::nullopt;
  const auto text = stats::from_base64({given->get_string().data(), given->get_string().size()});
  if (!text || !text->starts_with(kCursorHead)) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data() + kCursorHead.size(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

// As Calls::answer_job takes them; nothing where they are not a result for each key.
std::optional<bj::object> responses_in(const bj::object& params) {
  const bj::value* const given = params.if_contains("inputResponses");
  if (given == nullptr || !given->is_object()) return std::nullopt;
  bj::object responses;
  for (const auto& [key, result] : given->get_object())
    responses[key].emplace_object()[kResult] = result;
  return responses;
}

}  // namespace

// Nothing but plain calls costs more than two looks.
std::expected<bool, mcp::Refusal> Service::runs_as_job(const Turn& turn, const Tool& tool) const {
  const bool wanted = turn.message.has_task;
  if (tool.as_task == AsTask::never && !wanted) return false;
  if (turn.era == mcp::Era::stateful) {
    if (!has_tasks(turn.session)) return false;
    const int status = mcp::http_status_of(mcp::kMethodNotFound, turn.era);
    if (wanted && tool.as_task == AsTask::never)
      return std::unexpected(
          mcp::Refusal{mcp::kMethodNotFound, status, "this tool does not run as a task"});
    if (!wanted && tool.as_task == AsTask::required)
      return std::unexpected(
          mcp::Refusal{mcp::kMethodNotFound, status, "this tool runs as a task only"});
    if (wanted && !is_task_metadata(params_of(turn.json)))
      return std::unexpected(
          mcp::Refusal{mcp::kInvalidParams, 200, "task must be an object, its ttl a number of ms"});
    return wanted;
  }
  if (tool.as_task == AsTask::never) return false;
  const bool knows = (request_of(turn).capabilities & kKnowsTasks) != 0;
  if (!knows && tool.as_task == AsTask::required) return std::unexpected(lacking_tasks());
  return knows && !tool.asks_first;
}

Answer Service::on_task_method(const Turn& turn) {
  const std::string_view method = turn.message.method;
  const bool stateful = turn.era == mcp::Era::stateful;
  if (stateful && !has_tasks(turn.session)) return unknown_method(turn);
  const Request request = request_of(turn);
  if (stateful && method == "tasks/list") return list_tasks(turn, request);
  const bool known = method == "tasks/get" || method == "tasks/cancel" ||
                     method == (stateful ? "tasks/result" : "tasks/update");
  if (!known) return unknown_method(turn);
  if (!stateful && (request.capabilities & kKnowsTasks) == 0)
    return refuse(lacking_tasks(), request.id);
  const auto id = parse_session_id(turn.message.task_id);
  if (!id) return no_task(request);
  if (method == "tasks/get") return get_task(request, *id);
  if (method == "tasks/cancel") return cancel_task(request, *id);
  if (method == "tasks/update") return update_task(request, *id);
  return calls_.follow(request, turn.caller.path, *id);
}

Answer Service::no_task(const Request& request, std::string_view why) {
  Outcome outcome = rpc_error(mcp::kInvalidParams, why);
  return finish(request, outcome);
}

Answer Service::empty_result(const Request& request) {
  Outcome outcome;
  return finish(request, outcome);
}

Answer Service::get_task(const Request& request, const JobId& id) {
  const auto job = jobs_.find(id, request.job_owner, core::monotonic_ns());
  if (!job) return no_task(request);
  Outcome outcome;
  outcome.result = detailed_task_of(*job);
  return finish(request, outcome);
}

Answer Service::list_tasks(const Turn& turn, const Request& request) {
  const auto after = turn.message.has_cursor ? read_cursor(request.params) : std::optional(0UL);
  if (!after) return invalid_params(turn, "this cursor is not one of ours");
  const std::size_t size = config_.page_size;
  auto jobs = jobs_.list(request.job_owner, *after, size + 1, core::monotonic_ns());
  const bool more = jobs.size() > size;
  if (more) jobs.resize(size);
  Outcome outcome;
  bj::array& tasks = outcome.result["tasks"].emplace_array();
  for (const JobHead& job : jobs) tasks.push_back(task_of(job));
  if (more) outcome.result["nextCursor"] = cursor_of(jobs.back().sequence);
  return finish(request, outcome);
}

Answer Service::update_task(const Request& request, const JobId& id) {
  const auto responses = responses_in(request.params);
  if (!responses) return no_task(request, "inputResponses must be an object");
  switch (calls_.answer_job(id, request.job_owner, *responses)) {
    case Calls::Given::no_job: return no_task(request);
    case Calls::Given::misfit: return no_task(request, "inputResponses: one is no answer");
    case Calls::Given::taken: break;
  }
  return empty_result(request);
}

// The handler ends a moment later, where it runs; whatever it still comes to does not count.
Answer Service::cancel_task(const Request& request, const JobId& id) {
  bool found = false;
  const auto cancelled = jobs_.change(id, core::monotonic_ns(), [&](Job& job) {
    found = job.owner == request.job_owner;
    if (!found || job.is_over()) return false;
    job.status = JobStatus::cancelled;
    job.body.clear();
    job.say("cancelled by the client");
    return true;
  });
  if (!found) return no_task(request);
  if (cancelled) calls_.announce(*cancelled);
  if (request.era == mcp::Era::stateless) return empty_result(request);
  if (!cancelled) return no_task(request, "the task is over already");
  Outcome outcome;
  outcome.result = task_of(*cancelled);
  return finish(request, outcome);
}

void Service::forget_jobs(const SessionKey& session) {
  if (session == SessionKey{} || jobs_.count() == 0) return;
  jobs_.forget(session);
  calls_.sweep_jobs_soon();
}

}  // namespace gauntlet::server
