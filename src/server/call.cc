#include "server/call.h"

#include "server/calls.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};

json::string_view to_json(std::string_view text) { return {text.data(), text.size()}; }

std::string_view string_in(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(to_json(key));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

const json::object* object_in(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(to_json(key));
  return value == nullptr ? nullptr : value->if_object();
}

// The token that the client gave for reports of progress: a string or an integer.
const json::value* progress_token(const json::object& params) {
  const json::object* const meta = object_in(params, "_meta");
  const json::value* const token = meta == nullptr ? nullptr : meta->if_contains("progressToken");
  const bool fits =
      token != nullptr && (token->is_string() || token->is_int64() || token->is_uint64());
  return fits ? token : nullptr;
}

json::object notification(std::string_view method, json::object params) {
  json::object message;
  message["jsonrpc"] = "2.0";
  message["method"] = to_json(method);
  message["params"] = std::move(params);
  return message;
}

}  // namespace

Call::Call(Calls& calls, CallId id, ReturnPath path, Request request)
    : calls_(calls),
      id_(id),
      path_(path),
      request_(std::move(request)),
      since_ns_(core::monotonic_ns()) {}

std::string_view Call::name() const { return string_in(request_.params, "name"); }
std::string_view Call::uri() const { return string_in(request_.params, "uri"); }

const json::object& Call::arguments() const {
  static const json::object kNone;
  const json::object* const found = object_in(request_.params, "arguments");
  return found == nullptr ? kNone : *found;
}

const json::value* Call::argument(std::string_view name) const {
  return arguments().if_contains(to_json(name));
}

std::optional<std::string_view> Call::string(std::string_view name) const {
  const json::value* const value = argument(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string().data(), value->get_string().size());
}

std::optional<std::int64_t> Call::integer(std::string_view name) const {
  const json::value* const value = argument(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

void Call::progress(double done, double total, std::string_view message) {
  if (job_) return calls_.note_progress(*this, done, total, message);
  const json::value* const token = progress_token(request_.params);
  if (token == nullptr || done <= progress_ || calls_.gate_.sheds_notification()) return;
  progress_ = done;
  json::object params;
  params["progressToken"] = *token;
  params["progress"] = done;
  params["total"] = total;
  const bool knows_messages = request_.revision != mcp::Revision::v2024_11_05;
  if (!message.empty() && knows_messages) params["message"] = to_json(message);
  send(notification("notifications/progress", std::move(params)));
}

void Call::log(std::uint8_t level, json::value data, std::string_view logger) {
  if (job_) return;  // there is no stream that it would belong on
  if (level >= kLevels.size() || level < request_.log_level) return;
  if (calls_.gate_.sheds_notification()) return;
  json::object params;
  params["level"] = to_json(kLevels[level]);
  if (!logger.empty()) params["logger"] = to_json(logger);
  params["data"] = std::move(data);
  send(notification("notifications/message", std::move(params)));
}

void Call::disconnect(core::Nanos retry) {
  if (!job_) calls_.outlet_of(*this).disconnect(retry);
}

void Call::announce(const Letter& letter) { calls_.shared_.mailbox->broadcast(letter); }

Contents& Call::contents() { return *calls_.shared_.contents; }

void Call::send(const json::object& message) {
  calls_.outlet_of(*this).send(json::serialize(message));
}

void Call::wait(core::Nanos length) {
  waiting_ = Waiting::time;
  calls_.wake_after(length, *this);
}

Call::AskOne Call::ask(std::string key, Question question) {
  AskOne one{{*this, {}}};
  one.questions.emplace_back(std::move(key), std::move(question));
  return one;
}

Call::AskAll Call::ask_all(std::vector<std::pair<std::string, Question>> questions) {
  return {{*this, std::move(questions)}};
}

bool Call::find_replies(const std::vector<std::pair<std::string, Question>>& questions) {
  replies_.assign(questions.size(), {});
  bool all = true;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& [key, question] = questions[i];
    if (request_.era == mcp::Era::stateful || job_) {
      if (!can(question.needs))
        replies_[i].error = "the client does not answer " + question.method;
      else if (!job_ && calls_.question_count() + i >= kOpenQuestionsMax)
        replies_[i].error = "too busy to ask";
      else
        all = false;
    } else if (const json::object* const known = known_answer(key, question)) {
      replies_[i].result = *known;
    } else {
      all = false;
    }
  }
  return all;
}

// Only what is asked for is taken from what the client sent, and kept from then on.
const json::object* Call::known_answer(const std::string& key, const Question& question) {
  if (json::value* const given = given_.if_contains(key)) {
    if (!given->is_object() || !answers(question.needs, given->get_object())) {
      misfit_ = key;
      return nullptr;
    }
    known_[key] = std::move(*given);
    given_.erase(key);
  }
  return object_in(known_, key);
}

void Call::forget(std::string_view key) {
  known_.erase(to_json(key));
  given_.erase(to_json(key));
}

bool Call::may_defer() const {
  return !job_ && request_.era == mcp::Era::stateless && can(kKnowsTasks);
}

void Call::wait_for_news() { calls_.await_news(*this); }

void Call::put(std::vector<std::pair<std::string, Question>>& questions) {
  if (job_) return calls_.ask_in_job(*this, questions);
  waiting_ = request_.era == mcp::Era::stateful ? Waiting::replies : Waiting::round_trip;
  replies_missing_ = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto& [key, question] = questions[i];
    if (!replies_[i].error.empty() || !replies_[i].result.empty()) continue;
    json::object message;
    if (waiting_ == Waiting::replies) {
      const auto number = calls_.register_question(*this, i, question.needs);
      ++replies_missing_;
      message["jsonrpc"] = "2.0";
      message["id"] =
          "g" + std::to_string(calls_.shared_.mailbox->worker()) + "-" + std::to_string(number);
    } else if (!can(question.needs)) {
      lacks_ |= question.needs;
    }
    message["method"] = question.method;
    if (!question.params.empty()) message["params"] = std::move(question.params);
    if (waiting_ == Waiting::replies)
      send(message);
    else
      input_requests_[key] = std::move(message);
  }
  if (waiting_ == Waiting::replies) calls_.wake_after(calls_.config_.limits.question_ns, *this);
}

}  // namespace gauntlet::server
