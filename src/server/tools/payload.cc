// payload: an answer of a chosen size.
#include <string>

#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

constexpr std::uint64_t kBytesMax = 1 << 20;

void run(ToolCall& call) {
  const auto bytes = call.uint("bytes");
  if (!bytes || *bytes > kBytesMax)
    return call.reply().tool_error("payload needs bytes: an integer from 0 to 1048576");
  call.reply().text(std::string(*bytes, 'x'));
}

}  // namespace

constinit const Tool kPayload = {
    "payload", "Returns a text of that many bytes.",
    R"({"type":"object","properties":{"bytes":{"type":"integer","minimum":0,"maximum":1048576}},)"
    R"("required":["bytes"]})",
    run};

}  // namespace gauntlet::server
