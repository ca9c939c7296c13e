// progress: works in steps, and says how far it has come.
#include <fmt/format.h>

#include "server/call.h"
#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

constexpr std::int64_t kStepsMax = 10'000;
constexpr std::int64_t kMillisMax = 60'000;

Task start(Call& call) {
  const auto steps = call.integer("steps");
  const auto ms = call.integer("ms");
  if (!steps || *steps < 1 || *steps > kStepsMax || !ms || *ms < 0 || *ms > kMillisMax)
    co_return tool_error("progress needs steps: 1 to 10000, and ms for each: 0 to 60000");
  for (std::int64_t step = 1; step <= *steps; ++step) {
    co_await call.sleep(*ms * core::kMillisecond);
    call.progress(static_cast<double>(step), static_cast<double>(*steps));
  }
  co_return text_result(fmt::format("took {} steps", *steps));
}

}  // namespace

constinit const Tool kProgress = {
    .name = "progress",
    .description = "Takes a number of steps of ms milliseconds each, and reports progress.",
    .input_schema =
        R"({"type":"object","properties":{"steps":{"type":"integer","minimum":1,"maximum":10000},)"
        R"("ms":{"type":"integer","minimum":0,"maximum":60000}},"required":["steps","ms"]})",
    .start = start,
    .as_task = AsTask::optional};

}  // namespace gauntlet::server
