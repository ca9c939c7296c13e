#include "server/service.h"

#include "core/check.h"
#include "json/writer.h"
#include "server/tools/all.h"
#include "server/transport.h"

namespace gauntlet::server {
namespace {

// How long a client may keep tools/list and server/discover: they never change.
constexpr std::string_view kCacheFields = R"("ttlMs":3600000,"cacheScope":"public")";

std::string make_server_info(const Config& config) {
  std::string out = R"({"name":)";
  json::append_string(out, config.name);
  out += R"(,"version":)";
  json::append_string(out, config.version);
  return out + "}";
}

std::string make_meta(std::string_view server_info) {
  std::string out = R"("_meta":{")";
  out += mcp::kMetaServerInfo;
  out += "\":";
  out += server_info;
  return out + "}";
}

std::string make_tools() {
  std::string out = R"("tools":[)";
  for (const Tool* const tool : kAllTools) {
    if (!out.ends_with('[')) out += ',';
    out += R"({"name":)";
    json::append_string(out, tool->name);
    out += R"(,"description":)";
    json::append_string(out, tool->description);
    out += R"(,"inputSchema":)";
    out += tool->input_schema;
    out += '}';
  }
  return out + "]";
}

std::string make_tools_list(mcp::Era era, std::string_view meta) {
  if (era == mcp::Era::stateful) return "{" + make_tools() + "}";
  return R"({"resultType":"complete",)" + make_tools() + "," + std::string(kCacheFields) + "," +
         std::string(meta) + "}";
}

std::string make_discover(std::string_view meta) {
  return R"({"resultType":"complete","supportedVersions":[")" +
         std::string(mcp::name_of(mcp::kLatestStateless)) + R"("],"capabilities":{"tools":{}},)" +
         std::string(kCacheFields) + "," + std::string(meta) + "}";
}

const Tool* find_tool(std::string_view name) {
  for (const Tool* const tool : kAllTools)
    if (tool->name == name) return tool;
  return nullptr;
}

}  // namespace

Service::Service(const Config& config, Timers& timers, Shared& shared)
    : config_(config),
      timers_(timers),
      shared_(shared),
      bad_(config.bad, config.bad_every),
      counters_(shared.board == nullptr ? own_counters_ : shared.board->seat(shared.seat).counters),
      server_info_(make_server_info(config)) {
  const std::string meta = make_meta(server_info_);
  for (const mcp::Era era : {mcp::Era::stateful, mcp::Era::stateless})
    tools_list_[static_cast<std::size_t>(era)] = make_tools_list(era, meta);
  discover_ = make_discover(meta);
}

Answer Service::handle(std::span<const char> json, const Caller& caller) {
  body_.clear();
  caller_ = &caller;
  const auto message = mcp::parse_message(reader_, json);
  if (!message)
    return refuse({message.error().code, 400, message.error().text}, message.error().id);
  const Method method = method_of(message->method);
  counters_.count_request(method);
  const bool is_request = message->kind == mcp::Message::Kind::request;
  if (!is_request && caller.headers == nullptr) return {};  // a line may go without an answer
  const auto era = mcp::classify(*message, caller.headers);
  if (!era) return refuse(era.error(), message->id);
  if (*era == mcp::Era::stateful)
    if (const auto refusal = check_opened(*message, caller)) return refuse(*refusal, message->id);
  if (!is_request) return {};
  return dispatch(method, *message, *era, caller);
}

Answer Service::refuse(const mcp::Refusal& refusal, std::string_view id) {
  counters_.count_error(refusal.code);
  body_.clear();
  mcp::append_error(body_, id, refusal);
  return {.http_status = refusal.http_status, .body = body_};
}

// Stateful era: all but the opening itself needs a session.
std::optional<mcp::Refusal> Service::check_opened(const mcp::Message& message,
                                                  const Caller& caller) {
  if (message.method == "initialize") return std::nullopt;
  if (caller.headers == nullptr) {
    if (caller.connection->opened || message.method == "ping") return std::nullopt;
    return mcp::Refusal{mcp::kBadRequest, 400, "not initialized"};
  }
  if (!caller.session_id)
    return mcp::Refusal{mcp::kBadRequest, 400, "the Mcp-Session-Id header is missing"};
  const auto key = parse_session_id(*caller.session_id);
  if (!key || !shared_.registry.find(*key, caller.now_ns))
    return mcp::Refusal{mcp::kSessionNotFound, 404, "Session not found"};
  return std::nullopt;
}

Answer Service::dispatch(Method method, const mcp::Message& message, mcp::Era era,
                         const Caller& caller) {
  const bool stateful = era == mcp::Era::stateful;
  switch (method) {
    case Method::tools_call: return call_tool(message, era, caller);
    case Method::tools_list: return result(message.id, tools_list_[static_cast<std::size_t>(era)]);
    case Method::initialize:
      return stateful ? initialize(message, caller) : unknown_method(message, era);
    case Method::ping: return stateful ? result(message.id, "{}") : unknown_method(message, era);
    case Method::server_discover:
      return stateful ? unknown_method(message, era) : result(message.id, discover_);
    case Method::notification:
    case Method::other: break;
  }
  return unknown_method(message, era);
}

Answer Service::initialize(const mcp::Message& message, const Caller& caller) {
  const mcp::Revision revision = mcp::negotiate(message.protocol_version);
  Session fresh;
  fresh.revision = revision;
  fresh.principal = caller.principal;
  std::optional<SessionId> session;
  if (caller.connection != nullptr) {
    *caller.connection = {.opened = true, .session = fresh};
  } else if (adopt_session(fresh, caller)) {
    // HTTP+SSE: it was there before
  } else if (const auto key = shared_.registry.open(fresh, caller.now_ns)) {
    session = text_of(*key);
  } else {
    return refuse({mcp::kBadRequest, 503, "too many sessions"}, message.id);
  }
  body_ += kAnswerHead;
  body_ += message.id;
  body_ += R"(,"result":{"protocolVersion":")";
  body_ += mcp::name_of(revision);
  body_ += R"(","capabilities":{"tools":{}},"serverInfo":)";
  body_ += server_info_;
  body_ += "}}";
  return {.body = body_, .opened = true, .session = session};
}

// A client that names a session to initialize has it from its event stream's endpoint.
bool Service::adopt_session(const Session& fresh, const Caller& caller) {
  const auto key = caller.session_id ? parse_session_id(*caller.session_id) : std::nullopt;
  return key && shared_.registry.update(*key, caller.now_ns, [&fresh](Session& session) {
    session.revision = fresh.revision;
  });
}

Answer Service::call_tool(const mcp::Message& message, mcp::Era era, const Caller& caller) {
  Reply reply(body_, message.id, era);
  const Tool* const tool = find_tool(message.name);
  if (tool == nullptr) {
    reply.error(mcp::kInvalidParams, "unknown tool");
    return finish_call(reply);
  }
  const CallContext context{message.id, message.arguments, era, caller.path};
  ToolCall call(context, *this, arguments_reader_, reply);
  tool->run(call);
  if (call.is_later()) return {.later = true};
  return finish_call(reply);
}

Answer Service::unknown_method(const mcp::Message& message, mcp::Era era) {
  return refuse(
      {mcp::kMethodNotFound, mcp::http_status_of(mcp::kMethodNotFound, era), "method not found"},
      message.id);
}

Answer Service::result(std::string_view id, std::string_view json) {
  body_ += kAnswerHead;
  body_ += id;
  body_ += R"(,"result":)";
  body_ += json;
  body_ += '}';
  return {.body = body_};
}

Answer Service::finish_call(const Reply& reply) {
  GAUNTLET_CHECK(reply.given());
  if (reply.error_code() != 0) counters_.count_error(reply.error_code());
  const Delivery delivery = bad_.on_call(body_, kAnswerHead.size());
  return {.http_status = reply.http_status(), .body = body_, .delivery = delivery};
}

bool Service::close_session(std::string_view id) {
  const auto key = parse_session_id(id);
  if (!key || !shared_.registry.close(*key)) return false;
  shared_.events.forget(*key);
  Letter letter;
  letter.kind = Letter::Kind::session_closed;
  letter.session = *key;
  shared_.mailbox->broadcast(letter);
  return true;
}

void Service::on_letter(const Letter& letter) {
  for (Transport* const transport : transports_) transport->on_letter(letter);
}

bool Service::answer_later(const CallContext& context, core::Nanos delay_ns, LateAnswer answer) {
  if (calls_.size() >= config_.limits.later_max) return false;
  const CallId call = open_call(context);
  calls_[call].answer = std::move(answer);
  // The clock is read afresh: the turn's time lies in the past, and early would be wrong.
  timers_.at(core::monotonic_ns() + delay_ns, [this, call] { answer_late(call); });
  return true;
}

CallId Service::open_call(const CallContext& context) {
  OutletRequest request;
  request.call = ++last_call_;
  request.era = context.era;
  if (context.era == mcp::Era::stateful && caller_->session_id)
    request.session = parse_session_id(*caller_->session_id);
  if (request.session)
    if (const auto session = shared_.registry.find(*request.session, caller_->now_ns))
      request.revision = session->revision;
  LateCall& late = calls_[request.call];
  late.id = context.id;
  late.era = context.era;
  late.outlet = context.path.transport->open_outlet(context.path, request);
  return request.call;
}

bool Service::stream_later(const CallContext& context, const StreamPlan& plan) {
  if (calls_.size() >= config_.limits.later_max) return false;
  const CallId call = open_call(context);
  calls_[call].plan = plan;
  calls_[call].answer = [](Reply& reply) { reply.text("streamed"); };
  stream(call);
  return true;
}

void Service::stream(CallId call) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  LateCall& late = found->second;
  if (late.streamed == late.plan.count) {
    timers_.at(core::monotonic_ns() + late.plan.interval_ns, [this, call] { answer_late(call); });
    return;
  }
  std::string log = R"({"jsonrpc":"2.0","method":"notifications/message","params":)"
                    R"({"level":"info","data":)";
  json::append_uint(log, ++late.streamed);
  late.outlet->send(log + "}}");
  if (late.streamed == late.plan.cut) late.outlet->disconnect(late.plan.retry_ns);
  timers_.at(core::monotonic_ns() + late.plan.interval_ns, [this, call] { stream(call); });
}

void Service::answer_late(CallId call) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  LateCall late = std::move(found->second);
  calls_.erase(found);
  body_.clear();
  Reply reply(body_, late.id, late.era);
  late.answer(reply);
  late.outlet->finish(finish_call(reply));
}

}  // namespace gauntlet::server
