// Methods of the service beside tools/call, and what is not a request.
#include "json/writer.h"
#include "server/params.h"
#include "server/service.h"
#include "server/transport.h"

namespace gauntlet::server {
namespace {

namespace bj = boost::json;

Letter letter_of(Letter::Kind kind, std::optional<SessionKey> session, std::string_view text) {
  Letter letter;
  letter.kind = kind;
  if (session) letter.session = *session;
  letter.text = text;
  return letter;
}

}  // namespace

Answer Service::initialize(const Turn& turn) {
  const Caller& caller = turn.caller;
  Session session;
  session.revision = mcp::negotiate(turn.message.protocol_version);
  session.capabilities = capabilities_in(params_of(turn.json), "capabilities");
  session.principal = caller.principal;
  std::optional<SessionId> id;
  if (caller.connection != nullptr) {
    caller.connection->opened = true;
    caller.connection->session = session;
    caller.connection->key = random_session_key();
  } else if (!adopt_session(turn, session)) {
    const auto key = shared_.registry.open(session, caller.now_ns);
    if (!key) return refuse({mcp::kBadRequest, 503, "too many sessions"}, turn.message.id);
    id = text_of(*key);
  }
  body_ += kAnswerHead;
  body_ += turn.message.id;
  body_ += R"(,"result":{"protocolVersion":")";
  body_ += mcp::name_of(session.revision);
  body_ += R"(","capabilities":{)";
  body_ += kServerCapabilities;
  if (session.revision == mcp::Revision::v2025_11_25) body_ += kTaskCapabilities;
  body_ += R"(},"serverInfo":)";
  body_ += server_info_;
  body_ += "}}";
  return {.body = body_, .opened = true, .session = id};
}

// HTTP+SSE: the session was there before its initialize.
bool Service::adopt_session(const Turn& turn, const Session& session) {
  const auto key = turn.caller.session_id ? parse_session_id(*turn.caller.session_id)
                                          : std::optional<SessionKey>();
  bool own = false;
  const auto adopt = [&](Session& old) {
    own = old.principal == session.principal;
    if (!own) return;
    old.revision = session.revision;
    old.capabilities = session.capabilities;
  };
  return key && shared_.registry.update(*key, turn.caller.now_ns, adopt) && own;
}

Answer Service::list(const Turn& turn, Catalog::List which) {
  // Only a client that turns pages has a cursor: the common request is not parsed again.
  std::optional<std::string> cursor;
  if (turn.message.has_cursor) {
    const bj::object params = params_of(turn.json);
    const bj::value* const given = params.if_contains("cursor");
    if (given == nullptr || !given->is_string())
      return invalid_params(turn, "cursor must be a string");
    cursor = given->get_string();
  }
  const bool says_execution =
      turn.era == mcp::Era::stateful && turn.session.revision == mcp::Revision::v2025_11_25;
  const auto page = catalog_.page(which, cursor, says_execution);
  if (!page) return invalid_params(turn, "this cursor is not one of ours");
  std::string json = "{";
  if (turn.era == mcp::Era::stateless) json += R"("resultType":"complete",)";
  json += *page;
  if (turn.era == mcp::Era::stateless) {
    json += R"(,"ttlMs":0,"cacheScope":"public","_meta":{")";
    (((json += mcp::kMetaServerInfo) += "\":") += server_info_) += '}';
  }
  return result(turn.message.id, json + "}");
}

Answer Service::read_resource(const Turn& turn) {
  const Handler handler = catalog_.find_resource(turn.message.uri);
  if (handler != nullptr) return start(turn, handler);
  std::string data = R"({"uri":)";
  json::append_string(data, turn.message.uri);
  data += '}';
  const bool stateful = turn.era == mcp::Era::stateful;
  mcp::Refusal refusal{stateful ? mcp::kResourceNotFound : mcp::kInvalidParams, 200,
                       "there is no such resource"};
  refusal.data = data;
  return refuse(refusal, turn.message.id);
}

Answer Service::get_prompt(const Turn& turn) {
  const Prompt* const prompt = catalog_.find_prompt(turn.message.name);
  if (prompt == nullptr) return invalid_params(turn, "unknown prompt");
  const bj::object params = params_of(turn.json);
  for (const PromptArgument& argument : prompt->arguments)
    if (argument.required && argument_of(params, argument.name) == nullptr)
      return invalid_params(turn, "a required argument is missing");
  return start(turn, prompt->get);
}

Answer Service::complete(const Turn& turn) {
  const auto asked = completion_in(params_of(turn.json));
  if (!asked) return invalid_params(turn, "completion needs ref and argument");
  const auto choices = asked->of_prompt
                           ? catalog_.complete_prompt(asked->name, asked->argument, asked->begin)
                           : catalog_.complete_template(asked->name, asked->begin);
  if (!choices) return invalid_params(turn, "there is nothing of that name to complete");
  Outcome outcome;
  bj::object& completion = outcome.result["completion"].emplace_object();
  bj::array& values = completion["values"].emplace_array();
  for (const std::string_view value : choices->values)
    values.push_back(bj::string_view(value.data(), value.size()));
  completion["total"] = choices->total;
  completion["hasMore"] = choices->total > choices->values.size();
  return finish(request_of(turn), outcome);
}

bool Service::change_session(const Turn& turn, const std::function<void(Session&)>& change) {
  if (turn.caller.connection != nullptr) {
    change(turn.caller.connection->session);
    return true;
  }
  return shared_.registry.update(*turn.key, turn.caller.now_ns, change);
}

Answer Service::subscribe(const Turn& turn, bool on) {
  if (turn.message.uri.empty()) return invalid_params(turn, "uri must be a string");
  const std::uint64_t hash = uri_hash(turn.message.uri);
  bool room = true;
  change_session(turn, [&](Session& session) {
    if (on)
      room = session.subscribe(hash);
    else
      session.unsubscribe(hash);
  });
  if (!room) return invalid_params(turn, "too many subscriptions in this session");
  return result(turn.message.id, "{}");
}

Answer Service::set_level(const Turn& turn) {
  const bj::object params = params_of(turn.json);
  const auto level = log_level_in(params, "level");
  if (!level) return invalid_params(turn, "level must be one of the eight of RFC 5424");
  change_session(turn, [&](Session& session) { session.log_level = *level; });
  return result(turn.message.id, "{}");
}

void Service::on_notification(const Turn& turn) {
  if (turn.message.method != "notifications/cancelled") return;
  const auto id = cancelled_id(params_of(turn.json));
  if (!id) return;
  const Request request = request_of(turn);
  if (calls_.cancel(request.owner, *id) || !turn.key) return;
  shared_.mailbox->broadcast(letter_of(Letter::Kind::cancel, turn.key, *id));
}

// The client's answer to a question of ours.
Answer Service::on_response(const Turn& turn) {
  const auto number = question_of(turn.message.id);
  if (!number) return {};
  if (number->worker == shared_.mailbox->worker()) {
    calls_.answer_question(number->number, request_of(turn).owner, object_of(turn.json));
  } else if (turn.key) {
    Letter letter =
        letter_of(Letter::Kind::client_response, turn.key, {turn.json.data(), turn.json.size()});
    letter.number = number->number;
    shared_.mailbox->send(number->worker, letter);
  }
  return {};
}

void Service::on_letter(const Letter& letter) {
  const SessionId id = text_of(letter.session);
  const std::string owner(id.data(), id.size());
  switch (letter.kind) {
    case Letter::Kind::client_response:
      calls_.answer_question(letter.number, owner, object_of(letter.text));
      break;
    case Letter::Kind::cancel: calls_.cancel(owner, letter.text); break;
    case Letter::Kind::session_closed:
      calls_.abandon_owner(owner);
      calls_.sweep_jobs_soon();
      break;
    case Letter::Kind::job_changed:
      if (const auto job = job_in(letter)) calls_.on_job_changed(*job);
      calls_.publish(letter);
      break;
    default: calls_.publish(letter); break;
  }
  for (Transport* const transport : transports_) transport->on_letter(letter);
}

}  // namespace gauntlet::server
