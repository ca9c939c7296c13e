#include "load/probe.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "load/channel.h"
#include "load/request_template.h"
#include "mcp/answer.h"
#include "mcp/request.h"
#include "mcp/tool_list.h"
#include "net/child.h"
#include "net/loop.h"

namespace gauntlet::load {
namespace {

// Some servers never answer server/discover; a spawned one may also take seconds to start.
constexpr core::Nanos kDiscoverTimeout = 5 * core::kSecond;
constexpr core::Nanos kAnswerTimeout = 20 * core::kSecond;

struct Reply {
  std::string json;  // padded; json_size bytes count
  std::size_t json_size = 0;
  int status = 0;
  bool event_stream = false;
  std::string session_line;

  std::span<const char> bytes() const { return {json.data(), json_size}; }
};

// One connection to the target, one request at a time, waiting for each.
class Conversation final : public net::StreamHandler {
 public:
  explicit Conversation(const Target& target)
      : target_(target), loop_(net::make_loop(net::Io::epoll)) {}

  core::Result<void> open() {
    channel_ = std::make_unique<Channel>(target_.transport());
    closed_.clear();
    connected_ = false;
    if (target_.is_stdio()) {
      auto child = net::Child::start(target_.command, {.stdio_socket = true, .quiet_stderr = true});
      if (!child) return std::unexpected(child.error());
      child_ = std::make_unique<net::Child>(std::move(*child));
      stream_ = loop_->adopt(child_->take_stdio(), *this, 0);
      return {};
    }
    stream_ = loop_->connect(target_.url.endpoint, *this, 0);
    const core::Nanos deadline = core::monotonic_ns() + kAnswerTimeout;
    while (!connected_ && closed_.empty() && core::monotonic_ns() < deadline) loop_->turn(deadline);
    if (connected_) return {};
    return core::unreachable_error("cannot connect to " + target_.text() + ": " +
                                   (closed_.empty() ? "no answer" : closed_));
  }

  // nullopt: no answer before the deadline, or the connection went (see why()).
  std::optional<Reply> ask(std::uint64_t id, std::string_view json, std::string_view header_lines,
                           std::string_view session_line, core::Nanos timeout) {
    if (!loop_->is_open(stream_) && !open()) return std::nullopt;
    reply_ = Reply{};
    asked_id_ = id;
    answered_ = ended_ = false;
    const bool http = target_.transport() == Transport::http;
    append_message(loop_->output(stream_), target_, header_lines, session_line, json);
    const core::Nanos deadline = core::monotonic_ns() + timeout;
    while (!(http ? ended_ : answered_) && closed_.empty() && core::monotonic_ns() < deadline)
      loop_->turn(deadline);
    if (http ? !ended_ : !answered_) return std::nullopt;
    return std::move(reply_);
  }

  void tell(std::string_view json, std::string_view header_lines, std::string_view session_line) {
    if (target_.transport() == Transport::http) {
      ask(0, json, header_lines, session_line, kAnswerTimeout);
      return;
    }
    append_message(loop_->output(stream_), target_, header_lines, session_line, json);
  }

  void end_session(std::string_view session_line, mcp::Revision revision) {
    if (session_line.empty() || !loop_->is_open(stream_)) return;
    append_session_end(loop_->output(stream_), target_, revision, session_line);
    ended_ = false;
    const core::Nanos deadline = core::monotonic_ns() + core::kSecond;
    while (!ended_ && closed_.empty() && core::monotonic_ns() < deadline) loop_->turn(deadline);
  }

  std::string why() const { return closed_.empty() ? "no answer in time" : closed_; }

  void on_connected(net::StreamId, std::uint64_t) override { connected_ = true; }
  void on_data(net::StreamId, std::uint64_t, std::span<char> bytes) override {
    if (!channel_->feed(bytes, *this)) {
      closed_ = "it does not speak MCP's framing";
      loop_->close(stream_, net::CloseMode::reset);
    }
  }
  void on_closed(net::StreamId, std::uint64_t, net::CloseReason, int error) override {
    channel_->finish(*this);
    closed_ = error == 0 ? "it closed the connection" : std::strerror(error);
  }

  bool on_http_head(const wire::HttpHead& head) {
    reply_.status = head.status;
    if (auto line = session_line_of(head); !line.empty()) reply_.session_line = std::move(line);
    return true;
  }
  bool on_message(std::span<char> json) {
    const mcp::Answer answer = mcp::read_answer(reader_, json);
    if (answer.kind == mcp::Answer::Kind::notification ||
        answer.kind == mcp::Answer::Kind::request || answered_)
      return true;
    // On lines a late answer to an earlier question may still come.
    if (target_.transport() == Transport::lines && answer.has_number_id && answer.id != asked_id_)
      return true;
    reply_.json.assign(json.data(), json.size());
    reply_.json.resize(json.size() + wire::kReadPadding);
    reply_.json_size = json.size();
    answered_ = true;
    return true;
  }
  bool on_http_end(const HttpExchange& exchange) {
    reply_.event_stream = exchange.event_stream;
    ended_ = true;
    if (!exchange.keep_alive) loop_->close(stream_, net::CloseMode::orderly);
    return true;
  }

 private:
  const Target& target_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<net::Child> child_;
  std::unique_ptr<Channel> channel_;
  json::Reader reader_;
  net::StreamId stream_;
  Reply reply_;
  std::uint64_t asked_id_ = 0;
  bool connected_ = false;
  bool answered_ = false;
  bool ended_ = false;
  std::string closed_;
};

void introduce(Introduction& to, const mcp::Answer& answer) {
  to.server_name = answer.server_name;
  to.server_version = answer.server_version;
}

// True where the target speaks the stateless era.
bool discover(Conversation& talk, Introduction& to) {
  json::Reader reader;
  const auto reply = talk.ask(mcp::kDiscoverId, mcp::discover_request(),
                              mcp::http_header_lines(mcp::kLatestStateless, "server/discover", ""),
                              "", kDiscoverTimeout);
  if (!reply) return false;
  const mcp::Answer answer = mcp::read_answer(reader, reply->bytes());
  if (answer.kind != mcp::Answer::Kind::result || !answer.discovers_stateless) return false;
  to.revision = mcp::kLatestStateless;
  introduce(to, answer);
  return true;
}

core::Result<std::string> initialize(Conversation& talk, const Target& target,
                                     mcp::Revision revision, Introduction& to) {
  json::Reader reader;
  const auto reply =
      talk.ask(mcp::kOpeningId, mcp::initialize_request(revision), "", "", kAnswerTimeout);
  if (!reply)
    return core::unreachable_error(target.text() + " did not answer initialize: " + talk.why());
  const mcp::Answer answer = mcp::read_answer(reader, reply->bytes());
  if (answer.kind != mcp::Answer::Kind::result || answer.protocol_version.empty())
    return core::unreachable_error(
        target.text() + " is not an MCP server: initialize was answered with " +
        (reply->status >= 300 ? "HTTP " + std::to_string(reply->status) : "something else"));
  const auto agreed = mcp::parse_revision(answer.protocol_version);
  if (!agreed || mcp::era_of(*agreed) != mcp::Era::stateful)
    return core::unreachable_error(target.text() + " speaks MCP revision '" +
                                   std::string(answer.protocol_version) + "', which we do not");
  to.revision = *agreed;
  introduce(to, answer);
  talk.tell(mcp::initialized_notification(),
            mcp::http_header_lines(*agreed, "notifications/initialized", ""), reply->session_line);
  return reply->session_line;
}

core::Result<void> check_tools(const mcp::ToolList& list, const run::LoadPlan& load,
                               const Target& target) {
  if (list.more) return {};
  for (const auto& operation : load.mix) {
    if (operation.method != "tools/call" ||
        std::ranges::find(list.names, operation.tool) != list.names.end())
      continue;
    std::string offered;
    for (const auto& name : list.names) offered += (offered.empty() ? "" : ", ") + name;
    return core::usage_error(target.text() + " has no tool '" + operation.tool + "'; it has " +
                             (offered.empty() ? "none" : offered) +
                             "; choose with --tool NAME --args JSON");
  }
  return {};
}

}  // namespace

core::Result<Introduction> probe(const Target& target, std::optional<mcp::Revision> wanted,
                                 const run::LoadPlan& load) {
  Introduction result;
  Conversation talk(target);
  if (auto opened = talk.open(); !opened) return std::unexpected(opened.error());
  const bool may_be_stateless = !wanted || mcp::era_of(*wanted) == mcp::Era::stateless;
  const bool stateless = may_be_stateless && discover(talk, result);
  std::string session;
  if (!stateless) {
    if (wanted && may_be_stateless)
      return core::unreachable_error(target.text() + " does not speak MCP 2026-07-28: " +
                                     "server/discover was not answered as it says");
    auto opened = initialize(talk, target, wanted.value_or(mcp::kLatestStateful), result);
    if (!opened) return std::unexpected(opened.error());
    if (wanted && result.revision != *wanted)
      return core::unreachable_error(target.text() + " answered revision " +
                                     std::string(mcp::name_of(result.revision)) +
                                     " when asked for " + std::string(mcp::name_of(*wanted)));
    session = *opened;
  }
  const auto list =
      talk.ask(mcp::kFirstCallId, mcp::plain_request(result.revision, "tools/list").json,
               mcp::http_header_lines(result.revision, "tools/list", ""), session, kAnswerTimeout);
  if (!list)
    return core::unreachable_error(target.text() + " did not answer tools/list: " + talk.why());
  if (target.transport() == Transport::http) result.answers = list->event_stream ? "sse" : "json";
  talk.end_session(session, result.revision);
  const auto checked = check_tools(mcp::read_tool_list(list->bytes()), load, target);
  if (!checked) return std::unexpected(checked.error());
  return result;
}

}  // namespace gauntlet::load
