#include "server/service.h"

#include <fmt/format.h>

#include "core/check.h"
#include "json/writer.h"
#include "server/faulty_call.h"
#include "server/params.h"
#include "server/transport.h"

namespace gauntlet::server {
namespace {

std::string make_server_info(const Config& config) {
  std::string out = R"({"name":)";
  json::append_string(out, config.name);
  out += R"(,"version":)";
  json::append_string(out, config.version);
  return out + "}";
}

std::string make_discover(std::string_view server_info) {
  return R"({"resultType":"complete","supportedVersions":[")" +
         std::string(mcp::name_of(mcp::kLatestStateless)) + R"("],"capabilities":)" + "{" +
         std::string(kServerCapabilities) + std::string(kExtensions) +
         R"(},"ttlMs":3600000,"cacheScope":"public","_meta":{")" +
         std::string(mcp::kMetaServerInfo) + "\":" + std::string(server_info) + "}}";
}

// Who may cancel a request, or answer a question that was asked on its behalf.
std::string owner_of(const Caller& caller, const std::optional<SessionKey>& session) {
  if (session) {
    const SessionId id = text_of(*session);
    return {id.data(), id.size()};
  }
  return fmt::format("{}/{}/{}", static_cast<const void*>(caller.path.transport),
                     caller.path.stream.slot, caller.path.stream.generation);
}

JobTable& jobs_of(const Config& config, Shared& shared, std::optional<JobTable>& own) {
  if (shared.jobs == nullptr)
    shared.jobs = &own.emplace(config.limits.jobs_max, config.limits.job_bytes_max);
  return *shared.jobs;
}

}  // namespace

Service::Service(const Config& config, Timers& timers, Shared& shared)
    : config_(config),
      shared_(shared),
      bad_(config.bad, config.bad_every),
      counters_(shared.board == nullptr ? own_counters_ : shared.board->seat(shared.seat).counters),
      gate_(config.flow, config.limits.later_max, counters_),
      catalog_(config, *shared.contents),
      jobs_(jobs_of(config, shared, own_jobs_)),
      calls_(config, timers, shared, gate_,
             [this](const Request& request, Outcome& outcome) { return finish(request, outcome); }),
      server_info_(make_server_info(config)),
      discover_(make_discover(server_info_)) {}

Answer Service::handle(std::span<const char> json, const Caller& caller) {
  body_.clear();
  const auto parsed = messages_.parse(reader_, json);
  if (!parsed) return refuse({parsed.error().code, 400, parsed.error().text}, parsed.error().id);
  const mcp::Message* const message = *parsed;
  using Kind = mcp::Message::Kind;
  const Method method = method_of(message->method);
  counters_.count_request(method);
  const bool may_go_unanswered = message->kind != Kind::request && caller.headers == nullptr;
  const auto era = mcp::classify(*message, caller.headers);
  if (!era) return may_go_unanswered ? Answer{} : refuse(era.error(), message->id);
  Turn turn{json, *message, caller, *era, {}, {}, 0};
  if (const auto refusal = enter(turn))
    return may_go_unanswered ? Answer{} : refuse(*refusal, message->id);
  if (const auto refusal = gate_.admit(*message, turn.wait_ns, caller.now_ns))
    return may_go_unanswered ? Answer{} : refuse_for_load(*refusal, message->id);
  return serve(method, turn);
}

Answer Service::serve(Method method, const Turn& turn) {
  using Kind = mcp::Message::Kind;
  if (turn.message.kind == Kind::response) return on_response(turn);
  if (turn.message.kind == Kind::notification) {
    on_notification(turn);
    return {};
  }
  const Answer answer = dispatch(method, turn);
  if (gate_.measures() && !answer.later) {
    const core::Nanos now_ns = core::monotonic_ns();
    gate_.record(now_ns, now_ns - turn.caller.now_ns, answer.failed());
  }
  return answer;
}

Answer Service::refuse(const mcp::Refusal& refusal, std::string_view id) {
  counters_.count_error(refusal.code);
  body_.clear();
  mcp::append_error(body_, id, refusal);
  return {.http_status = refusal.http_status, .body = body_, .error_code = refusal.code};
}

Answer Service::refuse_for_load(const Gate::Refusal& refusal, std::string_view id) {
  mcp::Refusal error{refusal.code, refusal.http_status, refusal.text};
  error.data = refusal.data;
  Answer answer = refuse(error, id);
  answer.retry_after_seconds = refusal.retry_after_seconds;
  return answer;
}

// Stateful era: all but the opening itself needs a session. The message is taken from the allowance
// of its session, or of its connection where it belongs to none.
std::optional<mcp::Refusal> Service::enter(Turn& turn) {
  const Caller& caller = turn.caller;
  const bool stateless = turn.era == mcp::Era::stateless;
  const bool opens = turn.message.method == "initialize";
  if (!stateless && !opens && caller.connection == nullptr) return enter_session(turn);
  if (caller.allowance != nullptr)
    turn.wait_ns = take(*caller.allowance, gate_.rate(), caller.now_ns);
  if (stateless || opens) return std::nullopt;
  turn.session = caller.connection->session;
  if (caller.connection->opened || turn.message.method == "ping") return std::nullopt;
  return mcp::Refusal{mcp::kBadRequest, 400, "not initialized"};
}

std::optional<mcp::Refusal> Service::enter_session(Turn& turn) {
  const Caller& caller = turn.caller;
  if (!caller.session_id)
    return mcp::Refusal{mcp::kBadRequest, 400, "the Mcp-Session-Id header is missing"};
  turn.key = parse_session_id(*caller.session_id);
  Registry::Charge charge{gate_.rate(), caller.principal};
  const auto session =
      turn.key ? shared_.registry.find(*turn.key, caller.now_ns, charge) : std::optional<Session>();
  if (!session || session->principal != caller.principal) return no_session(turn.key);
  turn.session = *session;
  turn.wait_ns = charge.wait_ns;
  return std::nullopt;
}

Answer Service::dispatch(Method method, const Turn& turn) {
  const bool stateful = turn.era == mcp::Era::stateful;
  switch (method) {
    case Method::tools_call: return call_tool(turn);
    case Method::tools_list: return list(turn, Catalog::List::tools);
    case Method::initialize: return stateful ? initialize(turn) : unknown_method(turn);
    case Method::ping: return stateful ? result(turn.message.id, "{}") : unknown_method(turn);
    case Method::server_discover:
      return stateful ? unknown_method(turn) : result(turn.message.id, discover_);
    case Method::notification:
    case Method::other: break;
  }
  return dispatch_other(turn);
}

Answer Service::dispatch_other(const Turn& turn) {
  const std::string_view method = turn.message.method;
  if (method == "resources/read") return read_resource(turn);
  if (method == "resources/list") return list(turn, Catalog::List::resources);
  if (method == "resources/templates/list") return list(turn, Catalog::List::templates);
  if (method == "prompts/list") return list(turn, Catalog::List::prompts);
  if (method == "prompts/get") return get_prompt(turn);
  if (method == "completion/complete") return complete(turn);
  if (method.starts_with("tasks/")) return on_task_method(turn);
  if (turn.era == mcp::Era::stateless) {
    if (method == "subscriptions/listen") return calls_.listen(request_of(turn), turn.caller.path);
    return unknown_method(turn);
  }
  if (method == "resources/subscribe") return subscribe(turn, true);
  if (method == "resources/unsubscribe") return subscribe(turn, false);
  if (method == "logging/setLevel") return set_level(turn);
  return unknown_method(turn);
}

Request Service::request_of(const Turn& turn) const {
  Request request;
  request.id = turn.message.id;
  request.method = turn.message.method;
  request.params = params_of(turn.json);
  request.era = turn.era;
  request.session = turn.key;
  request.principal = turn.caller.principal;
  request.owner = owner_of(turn.caller, turn.key);
  request.job_owner = {turn.era, {}, turn.caller.principal};
  if (turn.era == mcp::Era::stateful) {
    if (turn.key) request.job_owner.session = *turn.key;
    if (turn.caller.connection != nullptr) request.job_owner.session = turn.caller.connection->key;
    request.revision = turn.session.revision;
    request.capabilities = turn.session.capabilities;
    request.log_level = turn.session.log_level;
  } else {
    request.revision = mcp::kLatestStateless;
    read_client_meta(request);
  }
  return request;
}

Answer Service::start(const Turn& turn, Handler handler) {
  return calls_.start(request_of(turn), turn.caller.path, handler);
}

Answer Service::call_tool(const Turn& turn) {
  Reply reply(body_, turn.message.id, turn.era);
  const Tool* const tool = catalog_.find_tool(turn.message.name);
  if (tool == nullptr) {
    reply.error(mcp::kInvalidParams, "unknown tool");
    return finish_call(reply);
  }
  if (const auto refusal = check_mirrored(turn, *tool)) return refuse(*refusal, turn.message.id);
  if (refuses_badly())
    return refuse({kOverloaded, 503, "refused, as a bad server does"}, turn.message.id);
  const auto as_job = runs_as_job(turn, *tool);
  if (!as_job) return refuse(as_job.error(), turn.message.id);
  CallFault fault;
  if (shared_.failpoints != nullptr) fault = shared_.failpoints->on_call(tool->name);
  if (fault || *as_job) return start(turn, *tool, fault, *as_job);
  if (tool->start != nullptr) return start(turn, tool->start);
  ToolCall call(turn.message, arguments_reader_, reply);
  tool->run(call);
  return finish_call(reply);
}

bool Service::refuses_badly() {
  if (bad_.kind() < BadKind::retry_storm) return false;
  std::uint64_t deaths = 0;
  for (const Seat& seat : shared_.board->seats()) deaths += seat.deaths;
  return bad_.refuses_call(deaths, calls_.count());
}

Answer Service::start(const Turn& turn, const Tool& tool, CallFault fault, bool as_job) {
  const auto work = [&](Call& call) {
    return fault.fails ? failing() : handler_of(tool, call, turn.message.arguments);
  };
  const auto start = as_job ? &Calls::start_job : &Calls::start;
  return (calls_.*start)(request_of(turn), turn.caller.path, work, fault.delay_ns);
}

// Stateless, over HTTP: arguments that a tool wants mirrored in headers are the same there.
std::optional<mcp::Refusal> Service::check_mirrored(const Turn& turn, const Tool& tool) {
  const auto mirrored = catalog_.mirrored(tool);
  const mcp::HeaderFacts* const headers = turn.caller.headers;
  if (mirrored.empty() || turn.era == mcp::Era::stateful || headers == nullptr) return std::nullopt;
  const boost::json::object params = params_of(turn.json);
  for (const auto& [argument, header] : mirrored)
    if (!mirrors(*headers, header, argument_of(params, argument)))
      return mcp::Refusal{mcp::kHeaderMismatch, 400,
                          "an Mcp-Param header and the body's arguments differ"};
  return std::nullopt;
}

Answer Service::unknown_method(const Turn& turn) {
  return refuse({mcp::kMethodNotFound, mcp::http_status_of(mcp::kMethodNotFound, turn.era),
                 "method not found"},
                turn.message.id);
}

Answer Service::invalid_params(const Turn& turn, std::string_view text) {
  return refuse({mcp::kInvalidParams, 200, text}, turn.message.id);
}

Answer Service::result(std::string_view id, std::string_view json) {
  body_ += kAnswerHead;
  body_ += id;
  body_ += R"(,"result":)";
  body_ += json;
  body_ += '}';
  return {.body = body_};
}

Delivery Service::spoil() {
  const Delivery delivery = bad_.on_call(body_, kAnswerHead.size());
  if (delivery.leak_session) shared_.registry.open({}, core::monotonic_ns());
  return delivery;
}

Answer Service::finish_call(const Reply& reply) {
  GAUNTLET_CHECK(reply.given());
  if (reply.error_code() != 0) counters_.count_error(reply.error_code());
  const Delivery delivery = spoil();
  return {.http_status = reply.http_status(),
          .body = body_,
          .delivery = delivery,
          .error_code = reply.error_code()};
}

Answer Service::finish(const Request& request, Outcome& outcome) {
  body_.clear();
  if (outcome.error_code != 0) {
    const std::string data =
        outcome.error_data.empty() ? std::string() : boost::json::serialize(outcome.error_data);
    mcp::Refusal refusal{outcome.error_code, outcome.http_status, outcome.error_message};
    refusal.data = data;
    return refuse(refusal, request.id);
  }
  body_ += kAnswerHead;
  body_ += request.id;
  body_ += R"(,"result":)";
  if (request.era == mcp::Era::stateless)
    complete_result(outcome.result, request.method, server_info_);
  body_ += boost::json::serialize(outcome.result);
  body_ += '}';
  Delivery delivery;
  if (request.method == "tools/call") delivery = spoil();
  return {.body = body_, .delivery = delivery};
}

mcp::Refusal Service::no_session(const std::optional<SessionKey>& key) const {
  if (key && !shared_.registry.reachable(*key))
    return {mcp::kInternalError, 503, "the session is out of reach for now"};
  return {mcp::kSessionNotFound, 404, "Session not found"};
}

void Service::sweep(core::Nanos now_ns) {
  bad_.note_sweep(now_ns);
  shared_.registry.sweep(now_ns);
  for (const JobHead& job : jobs_.sweep(now_ns)) calls_.announce(job);
  calls_.sweep_jobs();
}

bool Service::tell_pressure() {
  auto told = gate_.observe_calls(calls_.waiting());
  if (!told) return false;
  Letter letter;
  letter.kind = Letter::Kind::backpressure;
  letter.text = std::move(*told);
  for (Transport* const transport : transports_) transport->on_letter(letter);
  return true;
}

bool Service::close_session(std::string_view id) {
  const auto key = parse_session_id(id);
  if (!key || !shared_.registry.close(*key)) return false;
  shared_.events.forget(*key);
  jobs_.forget(*key);
  Letter closed;
  closed.kind = Letter::Kind::session_closed;
  closed.session = *key;
  shared_.mailbox->broadcast(closed);
  return true;
}

}  // namespace gauntlet::server
