// review: asks for a review of a text.
#include <fmt/format.h>

#include "server/prompts/all.h"

namespace gauntlet::server {
namespace {

constexpr PromptArgument kArguments[] = {{"text", "What is reviewed.", true}};

Task get(Call& call) {
  boost::json::array contents;
  contents.push_back(text_content("Say what is wrong with the following, most important first."));
  contents.push_back(text_content(call.string("text").value_or("")));
  co_return user_messages(std::move(contents));
}

}  // namespace

constinit const Prompt kReviewPrompt = {.name = "review",
                                        .description = "Asks for a critical review of a text.",
                                        .arguments = kArguments,
                                        .get = get};

}  // namespace gauntlet::server
