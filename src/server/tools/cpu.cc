// cpu: burns the worker's thread, so that everything on it waits: a badly written handler.
#include <fmt/format.h>

#include "core/clock.h"
#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

constexpr std::uint64_t kMillisMax = 10'000;

void run(ToolCall& call) {
  const auto ms = call.uint("ms");
  if (!ms || *ms > kMillisMax)
    return call.reply().tool_error("cpu needs ms: an integer from 0 to 10000");
  const core::Nanos end =
      core::thread_cpu_ns() + static_cast<core::Nanos>(*ms) * core::kMillisecond;
  while (core::thread_cpu_ns() < end) {
  }
  call.reply().text(fmt::format("burned {} ms", *ms));
}

}  // namespace

constinit const Tool kCpu = {
    "cpu", "Uses ms milliseconds of processor time; everything else waits meanwhile.",
    R"({"type":"object","properties":{"ms":{"type":"integer","minimum":0,"maximum":10000}},)"
    R"("required":["ms"]})",
    run};

}  // namespace gauntlet::server
