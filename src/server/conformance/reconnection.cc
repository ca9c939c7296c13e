// A tool that hangs up before it answers: the client comes back for the answer (SEP-1699).
#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

Task start(Call& call) {
  call.disconnect(100 * core::kMillisecond);
  co_await call.sleep(200 * core::kMillisecond);
  co_return text_result("Whoever reads this has come back, or was never cut off.");
}

}  // namespace

std::span<const Tool> reconnection_tools() {
  static constexpr Tool kTools[] = {
      {.name = "test_reconnection",
       .description = "Ends the connection before it answers; a client has to come back.",
       .input_schema = kNoArguments,
       .start = start},
  };
  return kTools;
}

}  // namespace gauntlet::server
