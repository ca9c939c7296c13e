// sleep: answers after a while, and keeps nobody else waiting.
#include <fmt/format.h>

#include "server/call.h"
#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

constexpr std::int64_t kMillisMax = 600'000;

Task start(Call& call) {
  const auto ms = call.integer("ms");
  if (!ms || *ms < 0 || *ms > kMillisMax)
    co_return tool_error("sleep needs ms: an integer from 0 to 600000");
  co_await call.sleep(*ms * core::kMillisecond);
  co_return text_result(fmt::format("slept {} ms", *ms));
}

}  // namespace

constinit const Tool kSleep = {
    .name = "sleep",
    .description = "Answers after ms milliseconds; other calls go on meanwhile.",
    .input_schema =
        R"({"type":"object","properties":{"ms":{"type":"integer","minimum":0,"maximum":600000}},)"
        R"("required":["ms"]})",
    .start = start,
    .as_task = AsTask::optional};

}  // namespace gauntlet::server
