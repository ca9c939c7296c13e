// Calls that run as jobs, and those that follow one.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "server/calls.h"
#include "server/subscription.h"
#include "server/transport.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

// How often a call looks after a job whose handler runs elsewhere: letters may get lost.
constexpr core::Nanos kLookInterval = core::kSecond;

using Questions = std::vector<std::pair<std::string, Question>>;

json::string_view to_json(std::string_view text) { return {text.data(), text.size()}; }

// {"io.modelcontextprotocol/related-task":{"taskId":…}} into what already is in `meta`.
void relate(json::value& meta, const JobId& id) {
  if (!meta.is_object()) meta.emplace_object();
  meta.get_object()[to_json(mcp::kMetaRelatedTask)].emplace_object()["taskId"] = text_of_job(id);
}

Outcome created(const JobHead& job) {
  Outcome outcome;
  if (job.owner.era == mcp::Era::stateful) {
    outcome.result["task"] = task_of(job);
  } else {
    outcome.result = task_of(job);
    outcome.result["resultType"] = "task";
  }
  return outcome;
}

// For which the client wants it kept (2025-11-25), within what there is.
core::Nanos ttl_of(const Request& request, const Limits& limits) {
  const json::value* const task = request.params.if_contains("task");
  const json::object* const asked = task == nullptr ? nullptr : task->if_object();
  const json::value* const ttl = asked == nullptr ? nullptr : asked->if_contains("ttl");
  if (request.era == mcp::Era::stateless || ttl == nullptr) return limits.job_ttl_ns;
  if (!ttl->is_int64()) return limits.job_ttl_max_ns;
  const core::Nanos max_ms = limits.job_ttl_max_ns / core::kMillisecond;
  return std::clamp<std::int64_t>(ttl->get_int64(), 1000, max_ms) * core::kMillisecond;
}

// A key may be used once in the life of a task (2026-07-28, Task Update Requests).
std::string unused_key(const json::object& used, const std::string& key) {
  if (!used.contains(key)) return key;
  for (int i = 2;; ++i)
    if (std::string next = fmt::format("{}-{}", key, i); !used.contains(next)) return next;
}

// What a job asks and was not put to its client by this call yet.
Questions open_questions(const Job& job, const JobId& id, std::set<std::string>& put) {
  Questions questions;
  if (job.status != JobStatus::input_required) return questions;
  json::object body = body_of(job);
  for (auto& [key, asked] : body[kInputRequests].as_object()) {
    if (!put.emplace(key).second) continue;
    json::object& request = asked.as_object();
    Question question;
    question.method = request.at("method").as_string();
    if (json::value* const params = request.if_contains("params"))
      question.params = std::move(params->as_object());
    question.needs = needs_of(question.method).value();
    relate(question.params["_meta"], id);
    questions.emplace_back(key, std::move(question));
  }
  return questions;
}

json::object response_of(const ClientReply& reply) {
  json::object response;
  if (reply.error.empty())
    response[kResult] = reply.result;
  else
    response[kError] = reply.error;
  return response;
}

bool is_response(const json::object& asked, const json::object& response) {
  const json::value* const result = response.if_contains(kResult);
  const json::string& method = asked.at("method").as_string();
  return result == nullptr ||
         (result->is_object() &&
          answers(needs_of({method.data(), method.size()}).value(), result->get_object()));
}

}  // namespace

void Calls::announce(const JobHead& job) {
  Letter letter;
  letter.kind = Letter::Kind::job_changed;
  letter.session = job.owner.session;
  letter.text = text_of_job(job.id) + status_notification(job);
  shared_.mailbox->broadcast(letter);
}

std::optional<Job> Calls::open_job(const Request& request) {
  const JobOwner& owner = request.job_owner;
  const bool known = owner.session != SessionKey{} || owner.principal != 0;
  // Those without a name share one; they leave half of the room to the others.
  const std::size_t share = known ? config_.limits.jobs_share_max : config_.limits.jobs_max / 2;
  return jobs_.open(owner, ttl_of(request, config_.limits), share, core::monotonic_ns());
}

void Calls::run_as(const Job& job, Call& call, core::Nanos delay_ns) {
  call.job_ = job.id;
  job_calls_.emplace(job.id, call.id_);
  call.wait(delay_ns);
}

// The handler begins once the answer is out, so that a task is working when it is created.
Answer Calls::start_job(Request request, const ReturnPath& path, const Work& work,
                        core::Nanos delay_ns) {
  if (full(request)) return busy(request);
  const auto job = open_job(request);
  if (!job) return busy(request);
  const CallId id = next_++;
  Call& call = *calls_.emplace(id, std::make_unique<Call>(*this, id, path, std::move(request)))
                    .first->second;
  call.task_ = work(call);
  run_as(*job, call, delay_ns);
  Outcome outcome = created(*job);
  return finish_(call.request_, outcome);
}

Answer Calls::become_job(Call& call, bool within_start) {
  const Request request = call.request_;
  const std::unique_ptr<Outlet> outlet = std::move(call.outlet_);
  const auto job = open_job(request);
  if (job) {
    index_.remove(request.owner, request.id, call.id_);
    run_as(*job, call, 0);
  } else {
    forget(call.id_);
  }
  Outcome outcome = job ? created(*job) : Outcome();
  const Answer answer = job ? finish_(request, outcome) : busy(request);
  if (outlet == nullptr && within_start) return answer;
  outlet->finish(answer);
  return {.later = true};
}

Answer Calls::settle_job(Call& call) {
  if (!call.task_.done()) return {.later = true};
  const auto changed = jobs_.change(*call.job_, core::monotonic_ns(), [&](Job& job) {
    if (job.is_over()) return false;  // it was cancelled
    end_with(job, std::move(call.task_.outcome()));
    return true;
  });
  forget(call.id_);
  if (changed) announce(*changed);
  return {.later = true};
}

void Calls::unfollow(const Call& call) {
  const auto id = call.job_ ? call.job_ : call.follows_;
  if (!id) return;
  const auto [begin, end] = job_calls_.equal_range(*id);
  const auto found = std::find_if(begin, end, [&](auto& one) { return one.second == call.id_; });
  if (found != end) job_calls_.erase(found);
  if (call.job_) on_job_changed(*id);
}

bool Calls::runs_here(const JobId& id) const {
  const auto [begin, end] = job_calls_.equal_range(id);
  return std::any_of(begin, end, [this](auto& one) { return calls_.at(one.second)->job_; });
}

// Not at once: it may be a handler that brings the news.
void Calls::on_job_changed(const JobId& id) {
  const auto [begin, end] = job_calls_.equal_range(id);
  for (auto one = begin; one != end; ++one)
    timers_.at(core::monotonic_ns(), [this, call = one->second] { look(call); });
}

void Calls::look(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = *found->second;
  const auto job = jobs_.find(call.job_ ? *call.job_ : *call.follows_, core::monotonic_ns());
  const bool over = !job || job->is_over();
  if (call.follows_) {
    if (over || call.waiting_ == Call::Waiting::news) wake(id);
  } else if (over) {
    forget(id);
  } else if (call.waiting_ == Call::Waiting::replies) {
    take_responses(call);
  }
}

void Calls::sweep_jobs_soon() {
  timers_.at(core::monotonic_ns(), [this] { sweep_jobs(); });
}

void Calls::sweep_jobs() {
  std::vector<CallId> running;
  for (const auto& [job, id] : job_calls_)
    if (calls_.at(id)->job_) running.push_back(id);
  for (const CallId id : running) look(id);
}

void Calls::note_progress(const Call& call, double done, double total, std::string_view message) {
  const std::string text = message.empty() ? fmt::format("{} of {}", done, total)
                                           : fmt::format("{} of {}: {}", done, total, message);
  jobs_.change(*call.job_, core::monotonic_ns(), [&](Job& job) {
    if (!job.is_over()) job.say(text);
    return !job.is_over();
  });
}

void Calls::ask_in_job(Call& call, Questions& questions) {
  call.waiting_ = Call::Waiting::replies;
  call.asked_.clear();
  json::object body;
  json::object& requests = body[kInputRequests].emplace_object();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (!call.replies_[i].error.empty()) continue;
    auto& [key, question] = questions[i];
    const std::string name = unused_key(call.input_requests_, key);
    call.input_requests_[name] = nullptr;
    call.asked_.emplace_back(name, i);
    json::object& request = requests[name].emplace_object();
    request["method"] = question.method;
    if (!question.params.empty()) request["params"] = std::move(question.params);
  }
  call.replies_missing_ = call.asked_.size();
  const auto changed = jobs_.change(*call.job_, core::monotonic_ns(), [&](Job& job) {
    if (job.is_over()) return false;
    job.status = JobStatus::input_required;
    job.body = json::serialize(body);
    return true;
  });
  if (changed) call.timer_ = timers_.at(changed->ends_ns, [this, id = call.id_] { end_late(id); });
  if (changed) announce(*changed);
}

void Calls::take_responses(Call& call) {
  json::object responses;
  jobs_.change(*call.job_, core::monotonic_ns(), [&](Job& job) {
    json::object body = body_of(job);
    json::value* const given = body.if_contains(kInputResponses);
    if (given == nullptr) return false;
    responses = std::move(given->as_object());
    body.erase(kInputResponses);
    job.body = json::serialize(body);
    return true;
  });
  for (const auto& [key, place] : call.asked_) {
    json::value* const response = responses.if_contains(key);
    if (response == nullptr) continue;
    ClientReply& reply = call.replies_[place];
    if (json::value* const result = response->as_object().if_contains(kResult))
      reply.result = std::move(result->as_object());
    else
      reply.error = response->at(kError).as_string();
    --call.replies_missing_;
  }
  std::erase_if(call.asked_, [&](const auto& asked) { return responses.contains(asked.first); });
  if (call.replies_missing_ == 0) resume(call.id_);
}

// Nobody has answered in the whole time that the job is kept for.
void Calls::end_late(CallId id) {
  const auto changed = jobs_.change(*calls_.at(id)->job_, core::monotonic_ns(), [](Job& job) {
    if (!job.is_over()) fail(job, "the client did not answer");
    return true;
  });
  forget(id);
  if (changed) announce(*changed);
}

Calls::Given Calls::answer_job(const JobId& id, const JobOwner& owner,
                               const json::object& responses) {
  Given given = Given::no_job;
  const auto changed = jobs_.change(id, core::monotonic_ns(), [&](Job& job) {
    if (job.owner != owner) return false;
    given = Given::taken;
    json::object body = body_of(job);
    json::value* const open = body.if_contains(kInputRequests);
    if (job.is_over() || open == nullptr) return false;
    json::object taken;  // with those that the handler has not seen yet
    if (json::value* const before = body.if_contains(kInputResponses))
      taken = std::move(before->as_object());
    json::object& requests = open->as_object();
    const std::size_t asked_before = requests.size();
    for (const auto& [key, response] : responses) {
      json::value* const asked = requests.if_contains(key);
      if (asked == nullptr) continue;  // not asked, or answered before: ignored
      if (!is_response(asked->as_object(), response.as_object())) {
        given = Given::misfit;
        return false;
      }
      taken[key] = response;
      requests.erase(key);
    }
    if (requests.size() == asked_before) return false;
    if (requests.empty()) job.status = JobStatus::working;
    body[kInputResponses] = std::move(taken);
    job.body = json::serialize(body);
    return true;
  });
  if (changed) announce(*changed);
  return given;
}

Answer Calls::follow(Request request, const ReturnPath& path, const JobId& id) {
  return start(std::move(request), path, [this, id](Call& call) {
    call.follows_ = id;
    job_calls_.emplace(id, call.id_);
    return await_result(call);
  });
}

void Calls::await_news(Call& call) {
  call.waiting_ = Call::Waiting::news;
  call.since_ns_ = Timers::kNever;  // its turn comes with them
  if (!runs_here(*call.follows_)) wake_after(kLookInterval, call);
}

// Each question is put once: a client that has not answered in time may ask for the result again.
Task Calls::await_result(Call& call) {
  Calls& calls = call.calls_;
  const JobId id = *call.follows_;
  const JobOwner owner = call.request_.job_owner;
  std::set<std::string> put;
  while (true) {
    const auto job = calls.jobs_.find(id, owner, core::monotonic_ns());
    if (!job) co_return rpc_error(mcp::kInvalidParams, kNoSuchTask);
    if (job->is_over()) {
      Outcome outcome = server::outcome_of(*job);
      relate(outcome.result["_meta"], id);
      co_return outcome;
    }
    Questions questions = open_questions(*job, id, put);
    if (questions.empty()) {
      Call::News news{call};
      co_await news;
      continue;
    }
    std::vector<std::string> keys;
    for (const auto& [key, question] : questions) keys.push_back(key);
    Call::AskAll asked = call.ask_all(std::move(questions));
    const std::vector<ClientReply> replies = co_await asked;
    json::object responses;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (!replies[i].is_late) responses[keys[i]] = response_of(replies[i]);
    calls.answer_job(id, owner, responses);
  }
}

// This worker ends, and their handlers with it.
void Calls::fail_jobs() {
  std::vector<JobHead> failed;
  for (const auto& [id, call] : job_calls_) {
    if (!calls_.at(call)->job_) continue;
    const auto changed = jobs_.change(id, core::monotonic_ns(), [](Job& job) {
      if (job.is_over()) return false;
      fail(job, kWorkerEnded);
      return true;
    });
    if (changed) failed.push_back(*changed);
  }
  for (const JobHead& job : failed) announce(job);
}

void Calls::keep_visible_jobs(json::object& filter, const JobOwner& owner) {
  json::array visible;
  for (const json::value& text : filter[kListenedJobs].as_array()) {
    const auto id = parse_session_id({text.get_string().data(), text.get_string().size()});
    if (id && jobs_.find(*id, owner, core::monotonic_ns())) visible.push_back(text);
  }
  filter[kListenedJobs] = std::move(visible);
}

void Calls::tell_of_job(Listener& listener, const JobId& id) {
  const auto job = jobs_.find(id, listener.request.job_owner, core::monotonic_ns());
  if (job) listener.outlet->send(task_publication(detailed_task_of(*job), listener.request.id));
}

// How they stand now: what has changed before they were listened for would be missed.
void Calls::tell_of_jobs(Listener& listener) {
  const json::value* const ids = listener.filter.if_contains(kListenedJobs);
  if (ids == nullptr) return;
  for (const json::value& text : ids->get_array())
    if (const auto id = parse_session_id({text.get_string().data(), text.get_string().size()}))
      tell_of_job(listener, *id);
}

}  // namespace gauntlet::server
