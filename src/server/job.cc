#include "server/job.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> kStatusNames = {"working", "input_required", "completed",
                                                          "failed", "cancelled"};
constexpr std::int64_t kPollMs = 500;

json::string_view to_json(std::string_view text) { return {text.data(), text.size()}; }

std::string iso8601(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", std::string_view(text, size), ms % 1000);
}

json::object error_object(const Outcome& outcome) {
  json::object error;
  error["code"] = outcome.error_code;
  error["message"] = outcome.error_message;
  if (!outcome.error_data.empty()) error["data"] = outcome.error_data;
  return error;
}

bool is_tool_error(const json::object& result) {
  const json::value* const flag = result.if_contains("isError");
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

void set_body(Job& job, const char* key, json::object value) {
  json::object body;
  body[key] = std::move(value);
  job.body = json::serialize(body);
}

}  // namespace

std::string text_of_job(const JobId& id) {
  const SessionId text = text_of(id);
  return {text.data(), text.size()};
}

// Cut between characters: the text goes out as JSON.
void JobHead::say(std::string_view text) {
  std::size_t size = std::min(text.size(), kMessageMax);
  while (size > 0 && size < text.size() && (text[size] & 0xC0) == 0x80) --size;
  std::copy_n(text.begin(), size, message.begin());
  message_size = size;
}

json::object body_of(const Job& job) {
  if (job.body.empty()) return {};
  return json::parse(to_json(job.body)).as_object();  // ours, so well-formed
}

void end_with(Job& job, Outcome outcome) {
  const bool stateful = job.owner.era == mcp::Era::stateful;
  if (outcome.error_code != 0) {
    job.status = JobStatus::failed;
    job.say(outcome.error_message);
    return set_body(job, kError, error_object(outcome));
  }
  const bool failed = stateful && is_tool_error(outcome.result);
  job.status = failed ? JobStatus::failed : JobStatus::completed;
  if (!stateful) outcome.result["resultType"] = "complete";
  job.message_size = 0;
  set_body(job, kResult, std::move(outcome.result));
}

void fail(Job& job, std::string_view why) { end_with(job, rpc_error(mcp::kInternalError, why)); }

json::object task_of(const JobHead& job) {
  const bool stateful = job.owner.era == mcp::Era::stateful;
  json::object task;
  task["taskId"] = text_of_job(job.id);
  task["status"] = to_json(kStatusNames[static_cast<std::size_t>(job.status)]);
  if (job.message_size > 0)
    task["statusMessage"] = json::string_view(job.message.data(), job.message_size);
  task["createdAt"] = iso8601(job.created_ms);
  task["lastUpdatedAt"] = iso8601(job.updated_ms);
  task[stateful ? "ttl" : "ttlMs"] = job.ttl_ms;
  task[stateful ? "pollInterval" : "pollIntervalMs"] = kPollMs;
  return task;
}

json::object detailed_task_of(const Job& job) {
  json::object task = task_of(job);
  if (job.owner.era == mcp::Era::stateful) return task;
  json::object body = body_of(job);
  for (const auto& [status, key] :
       {std::pair{JobStatus::input_required, kInputRequests},
        std::pair{JobStatus::completed, kResult}, std::pair{JobStatus::failed, kError}})
    if (job.status == status) task[key] = std::move(body[key]);
  return task;
}

Outcome outcome_of(const Job& job) {
  if (job.status == JobStatus::cancelled)
    return rpc_error(mcp::kInvalidParams, "the task was cancelled: it has no result");
  Outcome outcome;
  json::object body = body_of(job);
  if (json::value* const error = body.if_contains(kError)) {
    json::object& said = error->as_object();
    const json::value* const data = said.if_contains("data");
    return rpc_error(static_cast<int>(said.at("code").as_int64()), said.at("message").as_string(),
                     data == nullptr ? json::object() : data->as_object());
  }
  outcome.result = std::move(body.at(kResult).as_object());
  return outcome;
}

std::string status_notification(const JobHead& job) {
  if (job.owner.era == mcp::Era::stateless) return {};
  json::object message;
  message["jsonrpc"] = "2.0";
  message["method"] = "notifications/tasks/status";
  message["params"] = task_of(job);
  return json::serialize(message);
}

}  // namespace gauntlet::server
