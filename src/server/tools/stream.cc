// stream: sends a number of log messages before its answer, and may end the connection in between.
#include <fmt/format.h>

#include "server/call.h"
#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

constexpr std::int64_t kCountMax = 10'000;
constexpr std::int64_t kMillisMax = 60'000;
constexpr core::Nanos kRetry = 100 * core::kMillisecond;

Task start(Call& call) {
  const auto count = call.integer("count");
  const auto ms = call.integer("ms").value_or(0);
  const auto cut = call.integer("cut").value_or(0);
  if (!count || *count < 0 || *count > kCountMax || ms < 0 || ms > kMillisMax)
    co_return tool_error("stream needs count: 0 to 10000, and may have ms: 0 to 60000, and cut");
  for (std::int64_t i = 1; i <= *count; ++i) {
    if (ms > 0) co_await call.sleep(ms * core::kMillisecond);
    call.log(kLogInfo, i, "stream");
    if (i == cut) call.disconnect(kRetry);
  }
  co_return text_result(fmt::format("streamed {}", *count));
}

}  // namespace

constinit const Tool kStream = {
    .name = "stream",
    .description =
        "Logs count messages, ms milliseconds apart; after message `cut` it ends the "
        "connection, to be resumed.",
    .input_schema =
        R"({"type":"object","properties":{"count":{"type":"integer","minimum":0,"maximum":10000},)"
        R"("ms":{"type":"integer","minimum":0,"maximum":60000},"cut":{"type":"integer"}},)"
        R"("required":["count"]})",
    .start = start};

}  // namespace gauntlet::server
