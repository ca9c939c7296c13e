// Tools that change the lists of tools and prompts, and what comes and goes in these.
#include "server/conformance/fixtures.h"
#include "server/mailbox.h"
#include "server/prompts/all.h"

namespace gauntlet::server {
namespace {

// Two workers may do so at once.
bool flip(std::atomic<bool>& flag) {
  bool was = flag.load();
  while (!flag.compare_exchange_weak(was, !was)) continue;
  return !was;
}

void announce(Call& call, Letter::Kind kind) {
  Letter letter;
  letter.kind = kind;
  call.announce(letter);
}

Task change_tools(Call& call) {
  const bool there = flip(call.contents().extra_tool);
  announce(call, Letter::Kind::tools_changed);
  co_return text_result(there ? "test_extra_tool is there now" : "test_extra_tool is gone");
}

Task change_prompts(Call& call) {
  const bool there = flip(call.contents().extra_prompt);
  announce(call, Letter::Kind::prompts_changed);
  co_return text_result(there ? "test_extra_prompt is there now" : "test_extra_prompt is gone");
}

Task run_extra(Call&) { co_return text_result("The extra tool answers."); }

Task get_extra(Call&) {
  boost::json::array contents;
  contents.push_back(text_content("The extra prompt."));
  co_return user_messages(std::move(contents));
}

bool has_extra_tool(const Contents& contents) { return contents.extra_tool; }
bool has_extra_prompt(const Contents& contents) { return contents.extra_prompt; }

}  // namespace

std::span<const Tool> list_changing_tools() {
  static constexpr Tool kTools[] = {
      {.name = "test_trigger_tool_change",
       .description = "Makes the tool test_extra_tool come or go.",
       .input_schema = kNoArguments,
       .start = change_tools},
      {.name = "test_trigger_prompt_change",
       .description = "Makes the prompt test_extra_prompt come or go.",
       .input_schema = kNoArguments,
       .start = change_prompts},
      {.name = "test_extra_tool",
       .description = "Comes and goes.",
       .input_schema = kNoArguments,
       .start = run_extra,
       .present = has_extra_tool},
  };
  return kTools;
}

std::span<const Prompt> changing_prompts() {
  static constexpr Prompt kPrompts[] = {
      {.name = "test_extra_prompt",
       .description = "Comes and goes.",
       .arguments = {},
       .get = get_extra,
       .present = has_extra_prompt},
  };
  return kPrompts;
}

}  // namespace gauntlet::server
