// stream: sends a number of log messages before its answer, and may end the connection in between.
#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

constexpr std::uint64_t kCountMax = 10'000;
constexpr std::uint64_t kMillisMax = 60'000;

void run(ToolCall& call) {
  const auto count = call.uint("count");
  const auto ms = call.uint("ms").value_or(0);
  if (!count || *count > kCountMax || ms > kMillisMax)
    return call.reply().tool_error("stream needs count: 0 to 10000, and may have ms and cut");
  call.stream({.count = *count,
               .cut = call.uint("cut").value_or(0),
               .interval_ns = static_cast<core::Nanos>(ms) * core::kMillisecond});
}

}  // namespace

constinit const Tool kStream = {
    "stream",
    "Logs count messages, ms milliseconds apart; behind message `cut` it ends the connection.",
    R"({"type":"object","properties":{"count":{"type":"integer","minimum":0,"maximum":10000},)"
    R"("ms":{"type":"integer","minimum":0,"maximum":60000},"cut":{"type":"integer"}},)"
    R"("required":["count"]})",
    run};

}  // namespace gauntlet::server
