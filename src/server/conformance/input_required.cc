// Tools that need input, chiefly as a stateless server asks for it: by its answer (2026-07-28
// basic/patterns/mrtr). The same handlers ask by requests where the era is stateful.
#include <fmt/format.h>

#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr int kTokensMax = 100;

Question name_form() { return form_of_one("What is your name?", "name", "string"); }
Question capital_question() { return sampling("What is the capital of France?", kTokensMax); }

// Neither refused nor filled in: worth asking again.
bool is_incomplete(const ClientReply& reply, std::string_view field) {
  const std::string action = action_in(reply);
  return action != "decline" && action != "cancel" &&
         !(reply.accepted() && !reply.text(field).empty());
}

std::string root_uris(const ClientReply& reply) {
  std::string uris;
  const json::value* const roots = reply.result.if_contains("roots");
  if (roots == nullptr || !roots->is_array()) return uris;
  for (const json::value& root : roots->get_array()) {
    const json::object* const object = root.if_object();
    const json::value* const uri = object == nullptr ? nullptr : object->if_contains("uri");
    if (uri == nullptr || !uri->is_string()) continue;
    if (!uris.empty()) uris += ", ";
    uris += uri->get_string();
  }
  return uris;
}

Task ask_name(Call& call) {
  auto asked = call.ask("user_name", name_form());
  ClientReply reply = co_await asked;
  if (is_incomplete(reply, "name")) {
    call.forget("user_name");
    auto again = call.ask("user_name", name_form());
    reply = co_await again;
  }
  if (!reply.accepted()) co_return tool_error("nobody gave a name");
  co_return text_result(fmt::format("Hello, {}!", reply.text("name")));
}

Task ask_capital(Call& call) {
  auto asked = call.ask("capital_question", capital_question());
  const ClientReply reply = co_await asked;
  if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result(reply.text());
}

Task ask_roots(Call& call) {
  auto asked = call.ask("client_roots", roots());
  const ClientReply reply = co_await asked;
  if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result("The client's roots: " + root_uris(reply));
}

// Stateless: an answer counts only together with the state that the question came with.
Task confirm(Call& call) {
  call.seal_state();
  const bool needs_state = call.era() == mcp::Era::stateless;
  if (needs_state && !call.has_state()) call.forget("confirm");
  auto asked = call.ask("confirm", form_of_one("Please confirm", "ok", "boolean"));
  const ClientReply reply = co_await asked;
  if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result(
      fmt::format("state-ok, action={}, content={}", action_in(reply), filled_in(reply)));
}

Task ask_three(Call& call) {
  call.seal_state();
  std::vector<std::pair<std::string, Question>> questions;
  questions.emplace_back("user_name", name_form());
  questions.emplace_back("greeting", sampling("Generate a greeting", kTokensMax));
  questions.emplace_back("client_roots", roots());
  auto asked = call.ask_all(std::move(questions));
  const std::vector<ClientReply> replies = co_await asked;
  for (const ClientReply& reply : replies)
    if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result(fmt::format("{} says: {} Roots: {}", replies[0].text("name"),
                                    replies[1].text(), root_uris(replies[2])));
}

Task ask_twice(Call& call) {
  call.seal_state();
  auto first = call.ask("step1", form_of_one("Step 1: What is your name?", "name", "string"));
  const ClientReply name = co_await first;
  if (!name.accepted()) co_return tool_error("nobody gave a name");
  auto second =
      call.ask("step2", form_of_one("Step 2: What is your favorite color?", "color", "string"));
  const ClientReply color = co_await second;
  if (!color.accepted()) co_return tool_error("nobody gave a color");
  co_return text_result(fmt::format("{} likes {}", name.text("name"), color.text("color")));
}

// Asks only what the client can answer.
Task ask_what_it_can(Call& call) {
  std::vector<std::pair<std::string, Question>> questions;
  if (call.can(kCanElicit)) questions.emplace_back("user_name", name_form());
  if (call.can(kCanSample)) questions.emplace_back("capital_question", capital_question());
  if (call.can(kCanListRoots)) questions.emplace_back("client_roots", roots());
  auto asked = call.ask_all(std::move(questions));
  const std::vector<ClientReply> replies = co_await asked;
  co_return text_result(fmt::format("The client answered {} questions.", replies.size()));
}

// Needs what the client may not have declared.
Task need_sampling(Call& call) {
  auto asked = call.ask("anything", sampling("Say something", kTokensMax));
  const ClientReply reply = co_await asked;
  if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result(reply.text());
}

}  // namespace

std::span<const Tool> input_required_tools() {
  static constexpr Tool kTools[] = {
      {.name = "test_input_required_result_elicitation",
       .description = "Asks the user for a name.",
       .input_schema = kNoArguments,
       .start = ask_name},
      {.name = "test_input_required_result_sampling",
       .description = "Asks the client's model a question.",
       .input_schema = kNoArguments,
       .start = ask_capital},
      {.name = "test_input_required_result_list_roots",
       .description = "Asks the client for its roots.",
       .input_schema = kNoArguments,
       .start = ask_roots},
      {.name = "test_input_required_result_request_state",
       .description = "Asks for a confirmation, and for its state with it.",
       .input_schema = kNoArguments,
       .start = confirm},
      {.name = "test_input_required_result_tampered_state",
       .description = "Takes its state back only as it was.",
       .input_schema = kNoArguments,
       .start = confirm},
      {.name = "test_input_required_result_multiple_inputs",
       .description = "Asks three things at once.",
       .input_schema = kNoArguments,
       .start = ask_three},
      {.name = "test_input_required_result_multi_round",
       .description = "Asks two things, one after the other.",
       .input_schema = kNoArguments,
       .start = ask_twice},
      {.name = "test_input_required_result_capabilities",
       .description = "Asks only what the client can answer.",
       .input_schema = kNoArguments,
       .start = ask_what_it_can},
      {.name = "test_missing_capability",
       .description = "Needs a client that can sample.",
       .input_schema = kNoArguments,
       .start = need_sampling},
  };
  return kTools;
}

}  // namespace gauntlet::server
