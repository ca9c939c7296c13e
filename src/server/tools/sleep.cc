// sleep: answers after a while, and keeps nobody else waiting.
#include <fmt/format.h>

#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

constexpr std::uint64_t kMillisMax = 600'000;

void run(ToolCall& call) {
  const auto ms = call.uint("ms");
  if (!ms || *ms > kMillisMax)
    return call.reply().tool_error("sleep needs ms: an integer from 0 to 600000");
  call.later(static_cast<core::Nanos>(*ms) * core::kMillisecond,
             [ms = *ms](Reply& reply) { reply.text(fmt::format("slept {} ms", ms)); });
}

}  // namespace

constinit const Tool kSleep = {
    "sleep", "Answers after ms milliseconds; other calls go on meanwhile.",
    R"({"type":"object","properties":{"ms":{"type":"integer","minimum":0,"maximum":600000}},)"
    R"("required":["ms"]})",
    run};

}  // namespace gauntlet::server
