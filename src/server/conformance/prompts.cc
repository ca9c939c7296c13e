// Prompts: of texts, with arguments, with a resource and an image in them, and one that asks.
#include "server/prompts/all.h"

#include <fmt/format.h>

#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

// The suite completes "par".
constexpr std::string_view kWords[] = {"paris", "park", "party"};
constexpr PromptArgument kTwoArguments[] = {
    {"arg1", "First test argument", true, kWords},
    {"arg2", "Second test argument", true},
};
constexpr PromptArgument kUriArgument[] = {{"resourceUri", "The resource to embed", true}};

Outcome one_text(std::string_view text) {
  json::array contents;
  contents.push_back(text_content(text));
  return user_messages(std::move(contents));
}

Outcome two_blocks(json::object block, std::string_view text) {
  json::array contents;
  contents.push_back(std::move(block));
  contents.push_back(text_content(text));
  return user_messages(std::move(contents));
}

Task simple(Call&) { co_return one_text("This is a simple prompt for testing."); }

Task with_arguments(Call& call) {
  co_return one_text(fmt::format("Prompt with arguments: arg1='{}', arg2='{}'",
                                 call.string("arg1").value_or(""),
                                 call.string("arg2").value_or("")));
}

Task with_resource(Call& call) {
  co_return two_blocks(embedded_resource(call.string("resourceUri").value_or(""), "text/plain",
                                         "Embedded resource content for testing."),
                       "Please process the embedded resource above.");
}

Task with_image(Call&) { co_return two_blocks(image_content(), "Please analyze the image above."); }

Task asking(Call& call) {
  auto asked = call.ask("user_context",
                        form_of_one("What context should the prompt use?", "context", "string"));
  const ClientReply reply = co_await asked;
  if (!reply.accepted()) co_return rpc_error(mcp::kInvalidParams, "nobody gave a context");
  co_return one_text("Use this context: " + reply.text("context"));
}

}  // namespace

std::span<const Prompt> test_prompts() {
  static constexpr Prompt kPrompts[] = {
      {.name = "test_simple_prompt",
       .description = "A prompt without arguments.",
       .arguments = {},
       .get = simple},
      {.name = "test_prompt_with_arguments",
       .description = "A prompt with two arguments.",
       .arguments = kTwoArguments,
       .get = with_arguments},
      {.name = "test_prompt_with_embedded_resource",
       .description = "A prompt with a resource in it.",
       .arguments = kUriArgument,
       .get = with_resource},
      {.name = "test_prompt_with_image",
       .description = "A prompt with an image in it.",
       .arguments = {},
       .get = with_image},
      {.name = "test_input_required_result_prompt",
       .description = "A prompt that asks the user for its context.",
       .arguments = {},
       .get = asking},
  };
  return kPrompts;
}

}  // namespace gauntlet::server
