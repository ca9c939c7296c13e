// echo: the message comes back exactly. The load generator's own call, so the cheapest one: the
// argument's token is copied into the answer, escapes and all.
#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

void run(ToolCall& call) {
  const auto message = call.string_token("message");
  if (!message) return call.reply().tool_error("echo needs message: a string");
  call.reply().text_token(*message);
}

}  // namespace

constinit const Tool kEcho = {
    "echo", "Returns the message as it came.",
    R"({"type":"object","properties":{"message":{"type":"string"}},"required":["message"]})", run};

}  // namespace gauntlet::server
