// Tools that send notifications: logs, progress, and the update of a resource.
#include "server/conformance/fixtures.h"
#include "server/mailbox.h"

namespace gauntlet::server {
namespace {

constexpr std::uint8_t kInfo = 1;  // RFC 5424's informational, counted from debug
constexpr core::Nanos kStep = 50 * core::kMillisecond;

Task log_steps(Call& call) {
  call.log(kInfo, "Tool execution started");
  co_await call.sleep(kStep);
  call.log(kInfo, "Tool processing data");
  co_await call.sleep(kStep);
  call.log(kInfo, "Tool execution completed");
  co_return text_result("Three messages were logged, if they were wanted.");
}

Task log_once(Call& call) {
  call.log(kInfo, "A message for who asked for it", "test_logging_tool");
  co_return text_result("One message was logged, if it was wanted.");
}

Task report_progress(Call& call) {
  call.progress(0, 100);
  co_await call.sleep(kStep);
  call.progress(50, 100);
  co_await call.sleep(kStep);
  call.progress(100, 100);
  co_return text_result("All of 100 is done.");
}

Task touch(Call& call) {
  if (call.string("uri") != kWatchedResource)
    co_return tool_error("touch needs uri: test://watched-resource");
  ++call.contents().touched;
  Letter letter;
  letter.kind = Letter::Kind::resource_updated;
  letter.text = kWatchedResource;
  call.announce(letter);
  co_return text_result("touched");
}

}  // namespace

std::span<const Tool> notifying_tools() {
  static constexpr Tool kTools[] = {
      {.name = "test_tool_with_logging",
       .description = "Logs three messages, 50 ms apart.",
       .input_schema = kNoArguments,
       .start = log_steps},
      {.name = "test_logging_tool",
       .description = "Logs a message to a client that asked for messages.",
       .input_schema = kNoArguments,
       .start = log_once},
      {.name = "test_tool_with_progress",
       .description = "Reports its progress three times, 50 ms apart.",
       .input_schema = kNoArguments,
       .start = report_progress},
      {.name = "touch",
       .description = "Updates the resource test://watched-resource.",
       .input_schema = R"({"type":"object","properties":{"uri":{"type":"string"}},)"
                       R"("required":["uri"]})",
       .start = touch},
  };
  return kTools;
}

}  // namespace gauntlet::server
