#include "server/faulty_call.h"

#include <string>

#include "net/loop.h"

namespace gauntlet::server {
namespace {

namespace bj = boost::json;

// What a plain function has written as the whole answer.
Outcome outcome_of(const std::string& answer, const Reply& reply) {
  const bj::object message = bj::parse(answer).as_object();  // ours, so well-formed
  Outcome outcome;
  if (reply.error_code() != 0)
    outcome = rpc_error(reply.error_code(), message.at("error").at("message").as_string());
  else
    outcome.result = message.at("result").as_object();
  outcome.http_status = reply.http_status();
  return outcome;
}

Task run_plain(const Tool& tool, mcp::Era era, std::string arguments) {
  const std::size_t size = arguments.size();
  arguments.append(net::kReadPadding, ' ');
  json::Reader reader;
  std::string answer;
  Reply reply(answer, "0", era);
  ToolCall call({arguments.data(), size}, reader, reply);
  tool.run(call);
  co_return outcome_of(answer, reply);
}

}  // namespace

Task failing() { co_return tool_error("a failpoint has this tool fail"); }

Task handler_of(const Tool& tool, Call& call, std::string_view arguments) {
  if (tool.start != nullptr) return tool.start(call);
  return run_plain(tool, call.era(), std::string(arguments));
}

}  // namespace gauntlet::server
