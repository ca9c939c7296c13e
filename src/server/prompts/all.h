// All prompts. A new one is a file beside this one and two lines here.
#pragma once

#include <array>

#include "server/catalog.h"

namespace gauntlet::server {

extern const Prompt kGreetPrompt;
extern const Prompt kReviewPrompt;

inline constexpr std::array kAllPrompts = {&kGreetPrompt, &kReviewPrompt};

// A result of messages, each from the user.
Outcome user_messages(boost::json::array contents);

}  // namespace gauntlet::server
