// greet: a greeting in a language of choice. And what every prompt's result is made of.
#include <fmt/format.h>

#include "server/prompts/all.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr std::string_view kLanguages[] = {"Danish", "Dutch", "English", "French", "German"};
constexpr PromptArgument kArguments[] = {
    {"name", "Who is greeted.", true},
    {"language", "In which language.", false, kLanguages},
};

Task get(Call& call) {
  const std::string_view name = call.string("name").value_or("");
  const std::string_view language = call.string("language").value_or("English");
  json::array contents;
  contents.push_back(text_content(fmt::format("Greet {} warmly, in {}.", name, language)));
  co_return user_messages(std::move(contents));
}

}  // namespace

Outcome user_messages(json::array contents) {
  json::array messages;
  for (json::value& content : contents) {
    json::object message;
    message["role"] = "user";
    message["content"] = std::move(content);
    messages.push_back(std::move(message));
  }
  Outcome outcome;
  outcome.result["messages"] = std::move(messages);
  return outcome;
}

constinit const Prompt kGreetPrompt = {
    .name = "greet", .description = "Asks for a greeting.", .arguments = kArguments, .get = get};

}  // namespace gauntlet::server
