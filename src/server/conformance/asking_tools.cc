// Tools that ask the client something, chiefly as a stateful server does: by requests of its own.
#include <fmt/format.h>

#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr int kTokensMax = 100;

constexpr std::string_view kPersonForm = R"({
  "type": "object",
  "properties": {
    "username": {"type": "string", "description": "User's response"},
    "email": {"type": "string", "description": "User's email address"}
  },
  "required": ["username", "email"]
})";

// SEP-1034: every primitive type with a default.
constexpr std::string_view kDefaultsForm = R"({
  "type": "object",
  "properties": {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": true}
  }
})";

// SEP-1330: the five ways to write a choice.
constexpr std::string_view kChoicesForm = R"({
  "type": "object",
  "properties": {
    "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
    "titledSingle": {"type": "string", "oneOf": [
      {"const": "value1", "title": "First Option"},
      {"const": "value2", "title": "Second Option"},
      {"const": "value3", "title": "Third Option"}
    ]},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"],
                   "enumNames": ["Option One", "Option Two", "Option Three"]},
    "untitledMulti": {"type": "array", "items": {
      "type": "string", "enum": ["option1", "option2", "option3"]
    }},
    "titledMulti": {"type": "array", "items": {"anyOf": [
      {"const": "value1", "title": "First Choice"},
      {"const": "value2", "title": "Second Choice"},
      {"const": "value3", "title": "Third Choice"}
    ]}}
  }
})";

Question form(std::string_view message, std::string_view schema) {
  return elicitation(message, json::parse({schema.data(), schema.size()}).as_object());
}

Outcome completed(const ClientReply& reply) {
  if (!reply.error.empty()) return tool_error(reply.error);
  return text_result(fmt::format("Elicitation completed: action={}, content={}", action_in(reply),
                                 filled_in(reply)));
}

Task sample(Call& call) {
  const auto prompt = call.string("prompt");
  if (!prompt) co_return tool_error("test_sampling needs prompt: a string");
  auto asked = call.ask("completion", sampling(*prompt, kTokensMax));
  const ClientReply reply = co_await asked;
  if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result("LLM response: " + reply.text());
}

Task elicit(Call& call) {
  const auto message = call.string("message");
  if (!message) co_return tool_error("test_elicitation needs message: a string");
  auto asked = call.ask("person", form(*message, kPersonForm));
  const ClientReply reply = co_await asked;
  if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result(
      fmt::format("User response: action: {}, content: {}", action_in(reply), filled_in(reply)));
}

Task elicit_defaults(Call& call) {
  auto asked = call.ask("details", form("Please check these details", kDefaultsForm));
  const ClientReply reply = co_await asked;
  co_return completed(reply);
}

Task elicit_choices(Call& call) {
  auto asked = call.ask("choices", form("Please choose", kChoicesForm));
  const ClientReply reply = co_await asked;
  co_return completed(reply);
}

// Stateless: by now the answer is a stream, on which the question may not be a request.
Task elicit_on_stream(Call& call) {
  co_await call.sleep(core::kMillisecond);
  auto asked = call.ask("user_name", form_of_one("What is your name?", "name", "string"));
  const ClientReply reply = co_await asked;
  co_return completed(reply);
}

}  // namespace

std::span<const Tool> asking_tools() {
  static constexpr Tool kTools[] = {
      {.name = "test_sampling",
       .description = "Has the client's model answer a prompt.",
       .input_schema = R"({"type":"object","properties":{"prompt":{"type":"string"}},)"
                       R"("required":["prompt"]})",
       .start = sample},
      {.name = "test_elicitation",
       .description = "Asks the user for a name and an address.",
       .input_schema = R"({"type":"object","properties":{"message":{"type":"string"}},)"
                       R"("required":["message"]})",
       .start = elicit},
      {.name = "test_elicitation_sep1034_defaults",
       .description = "Asks the user with a form of defaults.",
       .input_schema = kNoArguments,
       .start = elicit_defaults},
      {.name = "test_elicitation_sep1330_enums",
       .description = "Asks the user with a form of choices.",
       .input_schema = kNoArguments,
       .start = elicit_choices},
      {.name = "test_streaming_elicitation",
       .description = "Asks the user while its answer is a stream.",
       .input_schema = kNoArguments,
       .start = elicit_on_stream},
  };
  return kTools;
}

}  // namespace gauntlet::server
