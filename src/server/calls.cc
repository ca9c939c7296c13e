#include "server/calls.h"

#include <algorithm>
#include <ctime>

#include "core/check.h"
#include "mcp/revision.h"
#include "server/params.h"
#include "server/seal.h"
#include "server/subscription.h"
#include "server/transport.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

std::string arguments_digest(const Request& request) {
  const json::value* const arguments = request.params.if_contains("arguments");
  return digest(arguments == nullptr ? std::string() : json::serialize(*arguments));
}

// What a sealed state is bound to: it is worth nothing with any other request.
std::string binding(const Request& request) {
  json::object bound;
  bound["method"] = request.method;
  for (const char* const field : {"name", "uri"})
    if (const json::value* const value = request.params.if_contains(field)) bound[field] = *value;
  bound["arguments"] = arguments_digest(request);
  bound["principal"] = request.principal;
  return json::serialize(bound);
}

json::object capability_names(std::uint8_t bits) {
  json::object names;
  if (bits & kCanSample) names["sampling"] = json::object();
  if (bits & kCanElicit) names["elicitation"] = json::object();
  if (bits & kCanListRoots) names["roots"] = json::object();
  if (bits & kKnowsTasks)
    names["extensions"]
        .emplace_object()[{mcp::kTasksExtension.data(), mcp::kTasksExtension.size()}] =
        json::object();
  return names;
}

}  // namespace

Calls::Calls(const Config& config, Timers& timers, Shared& shared, Gate& gate, Finish finish)
    : config_(config),
      timers_(timers),
      shared_(shared),
      jobs_(*shared.jobs),
      gate_(gate),
      finish_(std::move(finish)) {}

Calls::~Calls() = default;

OutletRequest Calls::outlet_request(CallId id, const Request& request) const {
  return {id, request.era, request.revision, request.session};
}

Outlet& Calls::outlet_of(Call& call) {
  if (call.outlet_ == nullptr)
    call.outlet_ =
        call.path_.transport->open_outlet(call.path_, outlet_request(call.id_, call.request_));
  return *call.outlet_;
}

bool Calls::full(const Request& request) const {
  const Limits& limits = config_.limits;
  if (waiting() >= limits.later_max) return true;
  return request.session && index_.count(request.owner) >= limits.session_calls_max;
}

Answer Calls::busy(const Request& request) {
  const Gate::Refusal refusal = gate_.refuse_for_room();
  Outcome outcome = rpc_error(refusal.code, refusal.text, json::parse(refusal.data).as_object());
  outcome.http_status = refusal.http_status;
  return finish_(request, outcome);
}

Answer Calls::refuse(const Request& request, std::string_view why) {
  Outcome outcome = rpc_error(mcp::kInvalidParams, why);
  return finish_(request, outcome);
}

Answer Calls::start(Request request, const ReturnPath& path, const Work& work,
                    core::Nanos delay_ns) {
  if (full(request)) return busy(request);
  const CallId id = next_++;
  auto made = std::make_unique<Call>(*this, id, path, std::move(request));
  Call& call = *made;
  if (call.request_.era == mcp::Era::stateless) {
    if (!open_state(call)) return refuse(call.request_, "requestState is not valid here");
    if (!open_responses(call)) return refuse(call.request_, "inputResponses must be an object");
  }
  index_.add(call.request_.owner, call.request_.id, id);
  calls_.emplace(id, std::move(made));
  call.task_ = work(call);
  if (delay_ns > 0) {
    call.wait(delay_ns);
    outlet_of(call);
    return {.later = true};
  }
  if (!run(call)) return {.later = true};
  return settle(id, true);
}

// False: the call is gone.
bool Calls::run(Call& call) {
  const CallId id = call.id_;
  GAUNTLET_CHECK(running_ == 0);
  running_ = id;
  call.waiting_ = Call::Waiting::nothing;
  call.task_.resume();
  running_ = 0;
  if (!doomed_) return true;
  doomed_ = false;
  forget(id);
  return false;
}

Answer Calls::settle(CallId id, bool within_start) {
  Call& call = *calls_.at(id);
  if (call.job_) return settle_job(call);
  if (call.waiting_ == Call::Waiting::deferral) return become_job(call, within_start);
  const bool ended = call.task_.done() || call.waiting_ == Call::Waiting::round_trip;
  if (!ended) {
    outlet_of(call);
    return {.later = true};
  }
  Outcome outcome = outcome_of(call);
  const Request request = std::move(call.request_);
  const core::Nanos since_ns = call.since_ns_;
  const std::unique_ptr<Outlet> outlet = std::move(call.outlet_);
  index_.remove(request.owner, request.id, id);
  unfollow(call);
  calls_.erase(id);
  const Answer answer = finish_(request, outcome);
  if (outlet == nullptr && within_start) return answer;
  if (gate_.measures()) {
    const core::Nanos now_ns = core::monotonic_ns();
    gate_.record(now_ns, now_ns - since_ns, answer.failed());
  }
  outlet->finish(answer);
  return {.later = true};
}

Outcome Calls::outcome_of(Call& call) {
  if (call.task_.done()) return std::move(call.task_.outcome());
  if (!call.misfit_.empty())
    return rpc_error(mcp::kInvalidParams, "inputResponses: no answer to " + call.misfit_);
  return call.lacks_ != 0 ? lacking(call.lacks_) : input_required(call);
}

Outcome Calls::lacking(std::uint8_t capabilities) {
  json::object data;
  data["requiredCapabilities"] = capability_names(capabilities);
  Outcome outcome = rpc_error(mcp::kMissingClientCapability,
                              "the client lacks a capability that this needs", std::move(data));
  outcome.http_status = 400;
  return outcome;
}

Outcome Calls::input_required(Call& call) {
  Outcome outcome;
  outcome.result["resultType"] = "input_required";
  outcome.result["inputRequests"] = std::move(call.input_requests_);
  if (call.always_sealed_ || !call.known_.empty())
    outcome.result["requestState"] = sealed_state(call);
  return outcome;
}

std::string Calls::sealed_state(const Call& call) {
  json::object state;
  state["for"] = binding(call.request_);
  state["until"] = static_cast<std::int64_t>(std::time(nullptr)) + kSealedFor / core::kSecond;
  state["known"] = call.known_;
  return seal(shared_.state_key, json::serialize(state));
}

// Takes in what the client has answered before. False where it brings a state that is not ours,
// belongs to another request, or is too old.
bool Calls::open_state(Call& call) {
  const json::value* const sealed = call.request_.params.if_contains("requestState");
  if (sealed == nullptr) return true;
  if (!sealed->is_string()) return false;
  const auto text = unseal(shared_.state_key, sealed->get_string());
  if (!text) return false;
  const json::object state = json::parse(*text).as_object();  // ours, so well-formed
  if (state.at("for").as_string() != binding(call.request_)) return false;
  if (state.at("until").as_int64() < static_cast<std::int64_t>(std::time(nullptr))) return false;
  call.known_ = state.at("known").as_object();
  call.has_state_ = true;
  return true;
}

bool Calls::open_responses(Call& call) {
  const json::value* const given = call.request_.params.if_contains("inputResponses");
  if (given == nullptr) return true;
  if (!given->is_object()) return false;
  call.given_ = given->get_object();
  return true;
}

void Calls::wake_after(core::Nanos length, Call& call) {
  // The clock is read afresh: the turn's time lies in the past, and early would be wrong.
  call.since_ns_ = core::monotonic_ns() + length;
  call.timer_ = timers_.at(call.since_ns_, [this, id = call.id_] { wake(id); });
}

// Time has passed: what was slept is over, and what was not answered will not be.
void Calls::wake(CallId id) {
  for (ClientReply& reply : calls_.at(id)->replies_) {
    reply.is_late = reply.result.empty() && reply.error.empty();
    if (reply.is_late) reply.error = "the client did not answer";
  }
  resume(id);
}

// What still refers to the call while it waits is taken back.
void Calls::end_wait(Call& call) {
  timers_.cancel(call.timer_);
  for (const std::uint64_t question : call.questions_) questions_.erase(question);
  call.questions_.clear();
}

void Calls::resume(CallId id) {
  Call& call = *calls_.at(id);
  end_wait(call);
  call.since_ns_ = std::min(call.since_ns_, core::monotonic_ns());
  if (run(call)) settle(id, false);
}

std::uint64_t Calls::register_question(Call& call, std::size_t place, ClientCapability needs) {
  const std::uint64_t number = next_question_++;
  questions_[number] = {call.id_, place, needs};
  call.questions_.push_back(number);
  return number;
}

bool Calls::answer_question(std::uint64_t number, const std::string& owner,
                            const json::object& response) {
  const auto asked = questions_.find(number);
  if (asked == questions_.end()) return false;
  const auto [id, place, needs] = asked->second;
  Call& call = *calls_.at(id);
  if (call.request_.owner != owner) return false;
  questions_.erase(asked);
  ClientReply& reply = call.replies_[place];
  const json::value* const result = response.if_contains("result");
  if (result == nullptr)
    reply.error = "the client refused";
  else if (result->is_object() && answers(needs, result->get_object()))
    reply.result = result->get_object();
  else
    reply.error = "the client's answer is none";
  if (--call.replies_missing_ == 0) resume(id);
  return true;
}

Answer Calls::listen(Request request, const ReturnPath& path) {
  if (full(request)) return busy(request);
  const json::value* const asked = request.params.if_contains("notifications");
  auto filter =
      asked == nullptr || !asked->is_object() ? std::nullopt : honoured_filter(asked->get_object());
  if (!filter) return refuse(request, "notifications must say what to listen for");
  if (filter->contains(kListenedJobs)) {
    if ((request.capabilities & kKnowsTasks) == 0) {
      Outcome outcome = lacking(kKnowsTasks);
      return finish_(request, outcome);
    }
    keep_visible_jobs(*filter, request.job_owner);
  }
  const CallId id = next_++;
  index_.add(request.owner, request.id, id);
  Listener& listener = listeners_[id];
  listener.outlet = path.transport->open_outlet(path, outlet_request(id, request));
  listener.request = std::move(request);
  listener.filter = std::move(*filter);
  listener.outlet->send(acknowledgement(listener.request.id, listener.filter));
  tell_of_jobs(listener);
  return {.later = true};
}

void Calls::publish(const Letter& letter) {
  const auto job = job_in(letter);
  for (auto& [id, listener] : listeners_) {
    if (!listens_for(listener.filter, letter)) continue;
    if (job)
      tell_of_job(listener, *job);
    else
      listener.outlet->send(publication_for(letter, listener.request.id));
  }
}

void Calls::end_listeners() {
  auto ending = std::exchange(listeners_, {});
  for (auto& [id, listener] : ending) {
    index_.remove(listener.request.owner, listener.request.id, id);
    Outcome outcome;
    outcome.result["_meta"] = subscription_meta(listener.request.id);
    listener.outlet->finish(finish_(listener.request, outcome));
  }
}

void Calls::forget(CallId id) {
  if (const auto found = calls_.find(id); found != calls_.end()) {
    end_wait(*found->second);
    const Request& request = found->second->request_;
    index_.remove(request.owner, request.id, id);
    unfollow(*found->second);
    calls_.erase(found);
  }
  if (const auto found = listeners_.find(id); found != listeners_.end()) {
    const Request& request = found->second.request;
    index_.remove(request.owner, request.id, id);
    listeners_.erase(found);
  }
}

void Calls::abandon(CallId id) {
  if (id == running_)
    doomed_ = true;
  else
    forget(id);
}

bool Calls::cancel(const std::string& owner, std::string_view raw_id) {
  const CallId id = index_.find(owner, raw_id);
  if (id == 0) return false;
  std::unique_ptr<Outlet> outlet;
  if (const auto call = calls_.find(id); call != calls_.end())
    outlet = std::move(call->second->outlet_);
  else
    outlet = std::move(listeners_.at(id).outlet);
  abandon(id);
  if (outlet != nullptr) outlet->finish({});  // an ended request without an answer
  return true;
}

void Calls::abandon_all() {
  fail_jobs();
  for (const auto& [id, call] : calls_) end_wait(*call);
  listeners_.clear();
  calls_.clear();
  index_.clear();
  questions_.clear();
  job_calls_.clear();
}

void Calls::abandon_owner(const std::string& owner) {
  for (const CallId id : index_.of(owner)) abandon(id);
}

}  // namespace gauntlet::server
