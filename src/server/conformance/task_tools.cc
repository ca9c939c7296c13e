// Tools that run as tasks.
#include <fmt/format.h>

#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

constexpr std::int64_t kSecondsMax = 600;

Task greet(Call& call) {
  const auto name = call.string("name");
  if (!name) co_return tool_error("greet needs name: a string");
  co_return text_result(fmt::format("Hello, {}!", *name));
}

Task slow_compute(Call& call) {
  const auto seconds = call.integer("seconds");
  if (!seconds || *seconds < 0 || *seconds > kSecondsMax)
    co_return tool_error("slow_compute needs seconds: 0 to 600");
  for (std::int64_t i = 0; i < *seconds; ++i) {
    co_await call.sleep(core::kSecond);
    call.progress(static_cast<double>(i + 1), static_cast<double>(*seconds));
  }
  co_return text_result(fmt::format("computed for {} s", *seconds));
}

Task fail_slowly(Call& call) {
  co_await call.sleep(core::kSecond);
  co_return tool_error("this job fails, always");
}

Task break_protocol(Call& call) {
  co_await call.sleep(100 * core::kMillisecond);
  co_return rpc_error(mcp::kInternalError, "this job breaks, always");
}

Task confirm_delete(Call& call) {
  const std::string file(call.string("filename").value_or("a file"));
  auto asked = call.ask("confirm", form_of_one("Delete " + file + "?", "confirm", "boolean"));
  const ClientReply reply = co_await asked;
  if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result(reply.accepted() ? "deleted " + file : "kept " + file);
}

Task ask_two(Call& call) {
  std::vector<std::pair<std::string, Question>> questions;
  questions.emplace_back("name", form_of_one("What is your name?", "name", "string"));
  questions.emplace_back("confirm", form_of_one("Shall we go on?", "confirm", "boolean"));
  auto asked = call.ask_all(std::move(questions));
  const std::vector<ClientReply> replies = co_await asked;
  for (const ClientReply& reply : replies)
    if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result(fmt::format("{}: {}", replies[0].text("name"), action_in(replies[1])));
}

// By round trips first, and then as a task.
Task ask_then_work(Call& call) {
  auto asked = call.ask("user_name", form_of_one("What is your name?", "name", "string"));
  const ClientReply reply = co_await asked;
  if (!reply.accepted()) co_return tool_error("nobody gave a name");
  auto deferred = call.defer();
  co_await deferred;
  co_await call.sleep(100 * core::kMillisecond);
  co_return text_result(fmt::format("worked for {}", reply.text("name")));
}

}  // namespace

std::span<const Tool> task_tools() {
  static constexpr Tool kTools[] = {
      {.name = "greet",
       .description = "Greets, at once.",
       .input_schema = R"({"type":"object","properties":{"name":{"type":"string"}},)"
                       R"("required":["name"]})",
       .start = greet},
      {.name = "slow_compute",
       .description = "Takes some seconds.",
       .input_schema = R"({"type":"object","properties":{"seconds":{"type":"integer"},)"
                       R"("label":{"type":"string"}},"required":["seconds"]})",
       .start = slow_compute,
       .as_task = AsTask::optional},
      {.name = "failing_job",
       .description = "Fails after a second.",
       .input_schema = kNoArguments,
       .start = fail_slowly,
       .as_task = AsTask::required},
      {.name = "protocol_error_job",
       .description = "Ends with an error of the protocol.",
       .input_schema = kNoArguments,
       .start = break_protocol,
       .as_task = AsTask::optional},
      {.name = "confirm_delete",
       .description = "Asks whether to delete a file, and deletes none.",
       .input_schema = R"({"type":"object","properties":{"filename":{"type":"string"}}})",
       .start = confirm_delete,
       .as_task = AsTask::optional},
      {.name = "multi_input",
       .description = "Asks two things at once.",
       .input_schema = kNoArguments,
       .start = ask_two,
       .as_task = AsTask::optional},
      {.name = "test_tool_with_task",
       .description = "Asks for a name, and works as a task from then on.",
       .input_schema = kNoArguments,
       .start = ask_then_work,
       .as_task = AsTask::required,
       .asks_first = true},
  };
  return kTools;
}

}  // namespace gauntlet::server
